#include "zeropoint/data/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "zeropoint/base/file.h"
#include "zeropoint/base/file_descriptor.h"

namespace zp {

Status read_at(int descriptor, uint64_t offset, std::span<std::byte> into) {
  while (!into.empty()) {
    const ssize_t count = ::pread(descriptor, into.data(), into.size(), static_cast<off_t>(offset));
    if (count == 0) return invalid_data("became shorter while it was read");
    if (count < 0) {
      if (errno == EINTR) continue;
      return fail(ErrorCode::kIo, "could not read: " + std::generic_category().message(errno));
    }
    offset += static_cast<uint64_t>(count);
    into = into.subspan(static_cast<size_t>(count));
  }
  return {};
}

ByteSource bytes_in_memory(std::span<const std::byte> bytes) {
  return {bytes.size(), [bytes](uint64_t offset, std::span<std::byte> into) -> Status {
            std::ranges::copy(bytes.subspan(static_cast<size_t>(offset), into.size()),
                              into.begin());
            return {};
          }};
}

Result<ByteSource> bytes_of_file(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe is to give the error below, not to wait for a writer.
  auto file =
      std::make_shared<FileDescriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file->is_open()) return file_error(path, "open", errno);
  struct stat status = {};
  if (::fstat(file->get(), &status) != 0) return file_error(path, "read", errno);
  if (!S_ISREG(status.st_mode)) return invalid_data(path.string() + ": is no regular file");
  return ByteSource{static_cast<uint64_t>(status.st_size),
                    [file](uint64_t offset, std::span<std::byte> into) {
                      return read_at(file->get(), offset, into);
                    }};
}

Result<std::vector<std::byte>> read_bytes(const ByteSource& source, uint64_t offset,
                                          uint64_t count) {
  if (offset > source.size || count > source.size - offset) {
    return invalid_data(fmt::format("truncated: {} bytes from byte {} on are needed, there are {}",
                                    count, offset, source.size - std::min(offset, source.size)));
  }
  std::vector<std::byte> bytes(static_cast<size_t>(count));
  ZP_RETURN_IF_ERROR(source.read(offset, bytes));
  return bytes;
}

}  // namespace zp
