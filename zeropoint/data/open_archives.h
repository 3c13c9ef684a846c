// Archives whose rows are samples, kept open: what is compressed in them is then unpacked once, not
// for each row.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/data/stored_array.h"

namespace zp {

// The last two files that were asked for, so that threads may work at the end of one and the
// beginning of the next. From any thread.
class OpenArchives {
 public:
  // What open_arrays() gives, as the file was when it was opened.
  Result<std::shared_ptr<const std::vector<StoredArray>>> open(const std::filesystem::path& path);

 private:
  using Entry = std::pair<std::filesystem::path, std::shared_ptr<const std::vector<StoredArray>>>;

  std::mutex mutex_;
  std::vector<Entry> entries_;  // the oldest first
};

}  // namespace zp
