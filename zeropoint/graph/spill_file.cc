#include "zeropoint/graph/spill_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "zeropoint/base/file.h"
#include "zeropoint/base/scratch_folder.h"

namespace zp {

Result<SpillFile> SpillFile::create() {
  const std::filesystem::path folder = scratch_root();
  std::string name = (folder / "zeropoint-XXXXXX").string();
  FileDescriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file.is_open()) return file_error(folder, "create a temporary file in it", errno);
  ::unlink(name.c_str());
  return SpillFile(std::move(file), folder);
}

Result<size_t> SpillFile::append(std::span<const std::byte> bytes) {
  const size_t begin = size_;
  while (!bytes.empty()) {
    const ssize_t put =
        ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return file_error(folder_, "write a temporary file in it", errno);
    bytes = bytes.subspan(static_cast<size_t>(put));
    size_ += static_cast<size_t>(put);
  }
  return begin;
}

}  // namespace zp
