// Bytes that are read in parts: of a file, of a member of an archive, in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "zeropoint/base/error.h"

namespace zp {

struct ByteSource {
  uint64_t size = 0;
  // Fills `into` with the bytes from `offset` on. offset + into.size() must not exceed size.
  // May be called from several threads at once.
  std::function<Status(uint64_t offset, std::span<std::byte> into)> read;
};

// The bytes must outlive the source.
ByteSource bytes_in_memory(std::span<const std::byte> bytes);
// The file stays open as long as the source or a copy of it lives. What is no regular file is an
// error. The error of opening names the file; those of reading leave that to the caller.
Result<ByteSource> bytes_of_file(const std::filesystem::path& path);

// Fills `into` from an open file. An error where the file ends before.
Status read_at(int descriptor, uint64_t offset, std::span<std::byte> into);

// The `count` bytes from `offset` on. Where the source ends before, an error of code kInvalidData
// says how many bytes there are ("truncated: ..."), before anything is allocated.
Result<std::vector<std::byte>> read_bytes(const ByteSource& source, uint64_t offset,
                                          uint64_t count);

}  // namespace zp
