#include "zeropoint/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "zeropoint/base/file_descriptor.h"

namespace zp {

tl::unexpected<Error> file_error(const std::filesystem::path& path, std::string_view what,
                                 int errno_value) {
  return fail(ErrorCode::kIo, fmt::format("{}: could not {}: {}", path.string(), what,
                                          std::generic_category().message(errno_value)));
}

Result<std::vector<std::byte>> read_file(const std::filesystem::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return file_error(path, "open", errno);
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) return file_error(path, "read", errno);

  // The size is a hint alone. One byte more than it lets the read that finds the end fit as well.
  constexpr size_t kLeastStep = size_t{1} << 16;
  std::vector<std::byte> bytes(static_cast<size_t>(status.st_size) + 1);
  size_t used = 0;
  while (true) {
    if (used == bytes.size()) bytes.resize(used + std::max(used, kLeastStep));
    const ssize_t count = ::read(file.get(), bytes.data() + used, bytes.size() - used);
    if (count == 0) break;
    if (count > 0) {
      used += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      return file_error(path, "read", errno);
    }
  }
  bytes.resize(used);
  return bytes;
}

}  // namespace zp
