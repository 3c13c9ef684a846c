#include "zeropoint/data/skipped_samples.h"

#include <fmt/format.h>

#include <utility>

namespace zp {

SkippedSamples::SkippedSamples(const SampleSource& source)
    : policy_(source.options().bad), unreadable_(source.unreadable()) {}

Status SkippedSamples::add(int64_t index, Error error) {
  if (policy_ == BadSamples::kFail) return tl::unexpected<Error>(std::move(error));
  const std::scoped_lock lock(mutex_);
  errors_.emplace(index, std::move(error));
  return {};
}

int64_t SkippedSamples::count() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<int64_t>(unreadable_.size() + errors_.size());
}

std::vector<Error> SkippedSamples::errors() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Error> all = unreadable_;
  for (const auto& [index, error] : errors_) all.push_back(error);
  return all;
}

std::vector<int64_t> SkippedSamples::indices() const {
  const std::scoped_lock lock(mutex_);
  std::vector<int64_t> all;
  for (const auto& [index, error] : errors_) all.push_back(index);
  return all;
}

Status SkippedSamples::check_some_left(int64_t total) const {
  const std::scoped_lock lock(mutex_);
  if (static_cast<int64_t>(errors_.size()) < total) return {};
  if (errors_.empty()) return invalid_data("there are no samples");
  Error first = errors_.begin()->second;
  return tl::unexpected<Error>(
      std::move(first).at(fmt::format("none of the {} samples could be loaded; the first", total)));
}

}  // namespace zp
