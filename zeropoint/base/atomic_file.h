// Files that are there whole or not at all: written beside their target, then renamed onto it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

#include "zeropoint/base/error.h"
#include "zeropoint/base/file_descriptor.h"

namespace zp {

// A file being written. Nothing shows at the target until commit() has returned success; without
// commit(), and after any error, the target is as it was and nothing is left beside it.
// (If the process is killed in between, "TARGET.XXXXXX.tmp" stays behind; the target is unharmed.)
// Errors are of code kIo and name the target and what the operating system said.
class AtomicFile {
 public:
  // The folder must exist. A link to a file is followed; a target that is there and is no
  // regular file is an error. A new file gets the usual permissions, a replaced one keeps its own.
  static Result<AtomicFile> create(const std::filesystem::path& target);

  AtomicFile(AtomicFile&&) noexcept = default;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  Status write(std::span<const std::byte> bytes);
  // Once the bytes are safe on the disk, gives them the target's name. Nothing may follow it.
  Status commit();

 private:
  AtomicFile(std::filesystem::path target, std::filesystem::path temporary, FileDescriptor file);
  Status check_open() const;
  void discard();
  tl::unexpected<Error> give_up(std::string_view what, int errno_value);

  std::filesystem::path target_;
  std::filesystem::path temporary_;
  FileDescriptor file_;  // open until committed or given up
};

// The bytes as the whole content of the file.
Status write_file(const std::filesystem::path& target, std::span<const std::byte> bytes);

}  // namespace zp
