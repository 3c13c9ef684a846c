// Samples that could not be loaded: counted where that is allowed, the end of the work elsewhere.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/data/sample_source.h"

namespace zp {

// For work over samples in several threads:
//
//   SkippedSamples skipped(source);
//   parallel_for(source.size(), options, [&](int64_t i) -> Status {
//     auto sample = source.load(i);
//     if (!sample) return skipped.add(i, std::move(sample).error());
//     ...
//   });
//   ZP_RETURN_IF_ERROR(skipped.check_some_left(source.size()));
class SkippedSamples {
 public:
  // Begins with source.unreadable().
  explicit SkippedSamples(const SampleSource& source);

  // BadSamples::kFail: the error itself. kSkip: notes it, once for an index however often it is
  // met, and succeeds. May be called from several threads at once.
  Status add(int64_t index, Error error);

  int64_t count() const;
  // In the order of the samples, whichever thread met them first.
  std::vector<Error> errors() const;
  // Runs that were left out: those of [0, size()) that were added.
  std::vector<int64_t> indices() const;
  // An error, with the first sample's, where all `total` runs were skipped.
  Status check_some_left(int64_t total) const;

 private:
  BadSamples policy_;
  std::vector<Error> unreadable_;
  mutable std::mutex mutex_;
  std::map<int64_t, Error> errors_;
};

}  // namespace zp
