// A nameless file for data that is too large to be kept in memory.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "zeropoint/base/error.h"
#include "zeropoint/base/file_descriptor.h"

namespace zp {

// Bytes are appended and read again; the file goes when the object does, and with the process in
// any case.
class SpillFile {
 public:
  // In $TMPDIR or /var/tmp.
  static Result<SpillFile> create();

  // Where the bytes begin. Errors say what the operating system said, e.g. that the disk is full.
  Result<size_t> append(std::span<const std::byte> bytes);

  int descriptor() const { return file_.get(); }
  // The folder that it lies in, for messages.
  const std::filesystem::path& folder() const { return folder_; }

 private:
  SpillFile(FileDescriptor file, std::filesystem::path folder)
      : file_(std::move(file)), folder_(std::move(folder)) {}

  FileDescriptor file_;
  std::filesystem::path folder_;
  size_t size_ = 0;
};

}  // namespace zp
