// Observer: what is kept of a tensor's values, over all samples, to choose a range by.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/tensor_view.h"
#include "zeropoint/kernels/min_max.h"
#include "zeropoint/kernels/moments.h"
#include "zeropoint/kernels/value_range.h"
#include "zeropoint/observe/distribution.h"

namespace zp {

// Counts, extremes and exact moments of a tensor or of one of its channels.
struct Statistics {
  kernels::MinMax extremes;
  kernels::Moments moments;  // of the finite elements

  void add(std::span<const float> x);
  void merge(const Statistics& other);
  // Of the finite elements, correctly rounded sum over count; 0 where there are none.
  double mean() const;

  friend bool operator==(const Statistics&, const Statistics&) = default;
};

// A part of the number line, ends included, and how many values lie in it. low == high is one exact
// value.
struct Bucket {
  double low = 0;
  double high = 0;
  uint64_t count = 0;

  friend bool operator==(const Bucket&, const Bucket&) = default;
};

// An Observer is a value. Of all elements it keeps counts and extremes; the rest it keeps of the
// elements that it looks at closely, which are all of them or a part that the caller has chosen
// (element_sample.h). It takes spans of floats in one pass and needs no range beforehand; NaN and
// infinities are counted and enter nothing else. Merging is exact: any split of the data into
// observers, merged in any order, by any number of threads, on any instruction set gives the same
// bytes (observer_io.h). Use one observer a thread.
//
// Memory: at most 531 KB (distribution.h), and 224 bytes a channel. A thread that observes spans of
// 4096 floats or more keeps 1 MB of scratch memory.
class Observer {
 public:
  // The most elements that an observer, or several merged, may have: ExactSum's limit.
  static constexpr uint64_t kMaxElements = uint64_t{1} << 63;
  static constexpr int64_t kMaxChannels = int64_t{1} << 24;

  // Of a tensor as a whole.
  Observer() = default;
  // Also of each of its channels, from 1 to kMaxChannels.
  static Result<Observer> per_channel(int64_t channels);

  // An error where the observer has channels, or would exceed kMaxElements.
  Status observe(std::span<const float> x);
  // Errors: an axis outside [-rank, rank); as many elements along it as the observer has channels
  // are expected.
  Status observe(const TensorView<const float>& x, int64_t channel_axis);
  // The same for `part`, some of the elements of `all`, of the others counts and extremes alone.
  // With channels the part is laid out as `split` says.
  Status observe_part(std::span<const float> all, std::span<const float> part);
  Status observe_part(std::span<const float> all, std::span<const float> part,
                      const AxisSplit& split);
  // Takes up what the other one has seen. An error, and nothing changed, where they differ in
  // channels or would exceed kMaxElements together.
  Status merge(const Observer& other);

  // Of all elements.
  const kernels::ValueRange& extremes() const { return extremes_; }

  // All that follows is of the elements looked at closely.
  const Statistics& statistics() const { return statistics_; }
  // Empty for the tensor as a whole.
  std::span<const Statistics> channels() const { return channels_; }
  // The finite elements other than zero.
  const Distribution& distribution() const { return distribution_; }

  // The finite elements by ascending value, zeros included as a bucket of their own. Buckets do not
  // overlap. Where the distribution is exact each is one value; otherwise a bucket is 2^-7 of the
  // lower end of its octave wide (below 2^-126: 2^-133), the outermost ones and the ones next to
  // zero cut at the exact extremes.
  std::vector<Bucket> buckets() const;

  // Puts an observer together from its parts as they are; check() (observer_check.h) tells whether
  // they belong together.
  static Observer from_parts(const kernels::ValueRange& extremes, Statistics statistics,
                             std::vector<Statistics> channels, Distribution distribution);

 private:
  Status check_room(uint64_t elements) const;
  // What was added.
  kernels::MinMax add(std::span<const float> x);
  kernels::MinMax add(std::span<const float> x, const AxisSplit& split);

  kernels::ValueRange extremes_;
  Statistics statistics_;
  std::vector<Statistics> channels_;
  Distribution distribution_;
};

}  // namespace zp
