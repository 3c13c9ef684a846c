// A folder of our own for files that others have to read, gone with everything in it.
#pragma once

#include <filesystem>
#include <utility>

#include "zeropoint/base/error.h"

namespace zp {

// $TMPDIR, or /var/tmp: not /tmp where it can be avoided, as that often lies in memory.
std::filesystem::path scratch_root();

class ScratchFolder {
 public:
  // In scratch_root(). Errors name it.
  static Result<ScratchFolder> create();

  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit ScratchFolder(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
};

}  // namespace zp
