#include "zeropoint/base/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <random>
#include <utility>

#include "zeropoint/base/file.h"

namespace zp {
namespace fs = std::filesystem;
namespace {

constexpr mode_t kUsualMode = 0666;  // less the umask, which open() takes off

struct Temporary {
  fs::path path;
  FileDescriptor file;
};

// A new file beside the target, under a name that nobody has.
Result<Temporary> create_beside(const fs::path& target) {
  constexpr int kAttempts = 100;
  std::random_device random;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    fs::path path = target;
    path += fmt::format(".{:06x}.tmp", random() & 0xffffffU);
    FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kUsualMode));
    if (file.is_open()) return Temporary{std::move(path), std::move(file)};
    if (errno != EEXIST) break;
  }
  return file_error(target, "create a file beside it", errno);
}

// A rename is on the disk only when its folder is. Some file systems cannot sync a folder and say
// EINVAL; on those the rename is as safe as it gets.
Status sync_folder_of(const fs::path& target) {
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  const FileDescriptor file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file.is_open() && ::fsync(file.get()) != 0 && errno != EINVAL) {
    return file_error(target, "make its new name durable", errno);
  }
  return {};
}

}  // namespace

AtomicFile::AtomicFile(fs::path target, fs::path temporary, FileDescriptor file)
    : target_(std::move(target)), temporary_(std::move(temporary)), file_(std::move(file)) {}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() {
  if (!file_.is_open()) return;
  file_ = FileDescriptor();
  ::unlink(temporary_.c_str());
}

Result<AtomicFile> AtomicFile::create(const fs::path& target) {
  std::error_code missing;
  const fs::path followed = fs::canonical(target, missing);
  const fs::path& real_target = missing ? target : followed;
  struct stat old = {};
  const bool replaces = ::stat(real_target.c_str(), &old) == 0;
  if (replaces && !S_ISREG(old.st_mode)) {
    return fail(ErrorCode::kIo,
                fmt::format("{}: not a regular file, expected one or a new name", target.string()));
  }
  ZP_ASSIGN_OR_RETURN(Temporary temporary, create_beside(real_target));
  AtomicFile file(real_target, std::move(temporary.path), std::move(temporary.file));
  if (replaces && ::fchmod(file.file_.get(), old.st_mode & 0777U) != 0) {
    return file.give_up("keep its permissions", errno);
  }
  return file;
}

Status AtomicFile::write(std::span<const std::byte> bytes) {
  ZP_RETURN_IF_ERROR(check_open());
  while (!bytes.empty()) {
    const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
    if (count >= 0) {
      bytes = bytes.subspan(static_cast<size_t>(count));
    } else if (errno != EINTR) {
      return give_up("write", errno);
    }
  }
  return {};
}

Status AtomicFile::commit() {
  ZP_RETURN_IF_ERROR(check_open());
  if (::fsync(file_.get()) != 0) return give_up("write", errno);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) return give_up("replace", errno);
  ::close(file_.release());  // its bytes are safe since fsync: it has nothing left to say
  return sync_folder_of(target_);
}

Status AtomicFile::check_open() const {
  if (file_.is_open()) return {};
  return fail(ErrorCode::kIo,
              fmt::format("{}: already committed or given up after an error, expected a new "
                          "AtomicFile for another try",
                          target_.string()));
}

tl::unexpected<Error> AtomicFile::give_up(std::string_view what, int errno_value) {
  discard();
  return file_error(target_, what, errno_value);
}

Status write_file(const fs::path& target, std::span<const std::byte> bytes) {
  ZP_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(target));
  ZP_RETURN_IF_ERROR(file.write(bytes));
  return file.commit();
}

}  // namespace zp
