#include "zeropoint/data/open_archives.h"

#include <algorithm>

namespace zp {
namespace {

constexpr size_t kMostOpen = 2;

}  // namespace

Result<std::shared_ptr<const std::vector<StoredArray>>> OpenArchives::open(
    const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(entries_, path, &Entry::first);
  if (found != entries_.end()) return found->second;
  ZP_ASSIGN_OR_RETURN(auto arrays, open_arrays(path));
  if (entries_.size() == kMostOpen) entries_.erase(entries_.begin());
  entries_.emplace_back(path, std::make_shared<const std::vector<StoredArray>>(std::move(arrays)));
  return entries_.back().second;
}

}  // namespace zp
