#include "zeropoint/observe/observer.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>

#include "zeropoint/kernels/channel_runs.h"

namespace zp {
namespace {

// 64 KB: what the extremes have read, the moments find in the cache.
constexpr size_t kChunk = 16384;

// The ends of the bucket that holds all floats with these upper 16 bits, by magnitude.
struct Ends {
  float low;
  float high;
};
Ends magnitude_ends(size_t octave, size_t bucket) {
  const auto bits = static_cast<uint32_t>((octave % 256) << 23 | bucket << 16);
  return {std::bit_cast<float>(bits), std::bit_cast<float>(bits | 0xffff)};
}

void append_octave(size_t octave, const kernels::OctaveCounts& counts,
                   const kernels::MinMax& extremes, std::vector<Bucket>& buckets) {
  const bool negative = octave >= 256;
  for (size_t i = 0; i < counts.size(); ++i) {
    const size_t bucket = negative ? counts.size() - 1 - i : i;
    if (counts[bucket] == 0) continue;
    const Ends ends = magnitude_ends(octave, bucket);
    const double low = std::max(ends.low, extremes.smallest_magnitude);
    if (negative) {
      buckets.push_back({-std::min<double>(ends.high, -extremes.min), -low, counts[bucket]});
    } else {
      buckets.push_back({low, std::min<double>(ends.high, extremes.max), counts[bucket]});
    }
  }
}

}  // namespace

void Statistics::add(std::span<const float> x) {
  extremes.merge(kernels::min_max(x));
  kernels::add_moments(x, moments);
}

void Statistics::merge(const Statistics& other) {
  extremes.merge(other.extremes);
  moments.merge(other.moments);
}

double Statistics::mean() const {
  if (extremes.finite() == 0) return 0;
  return moments.sum.value() / static_cast<double>(extremes.finite());
}

Result<Observer> Observer::per_channel(int64_t channels) {
  if (channels < 1 || channels > kMaxChannels) {
    return invalid_argument(
        fmt::format("observer of {} channels: expected 1 to {}", channels, kMaxChannels));
  }
  Observer observer;
  observer.channels_.resize(static_cast<size_t>(channels));
  return observer;
}

Status Observer::check_room(uint64_t elements) const {
  if (elements <= kMaxElements - extremes_.count) return {};
  return invalid_argument(
      fmt::format("observer of {} elements: {} more would exceed 2^63", extremes_.count, elements));
}

Status Observer::observe(std::span<const float> x) { return observe_part(x, x); }

Status Observer::observe_part(std::span<const float> all, std::span<const float> part) {
  if (!channels_.empty()) {
    return invalid_argument(fmt::format(
        "observer of {} channels: expected a tensor with a channel axis, got a span of {} floats",
        channels_.size(), part.size()));
  }
  ZP_RETURN_IF_ERROR(check_room(all.size()));
  const kernels::MinMax of_part = add(part);
  extremes_.merge(part.size() == all.size() ? kernels::ValueRange::of(of_part)
                                            : kernels::value_range(all));
  return {};
}

Status Observer::observe(const TensorView<const float>& x, int64_t channel_axis) {
  ZP_ASSIGN_OR_RETURN(const AxisSplit split, split_at_axis(x.shape(), channel_axis));
  if (static_cast<size_t>(split.axis) != channels_.size()) {
    return invalid_argument(fmt::format("observer of {} channels: axis {} of shape {} has {}",
                                        channels_.size(), channel_axis, x.shape().to_string(),
                                        split.axis));
  }
  return observe_part(x.data(), x.data(), split);
}

Status Observer::observe_part(std::span<const float> all, std::span<const float> part,
                              const AxisSplit& split) {
  if (static_cast<size_t>(split.axis) != channels_.size()) {
    return invalid_argument(
        fmt::format("observer of {} channels: the tensor has {}", channels_.size(), split.axis));
  }
  ZP_RETURN_IF_ERROR(check_room(all.size()));
  const kernels::MinMax of_part = add(part, split);
  extremes_.merge(part.size() == all.size() ? kernels::ValueRange::of(of_part)
                                            : kernels::value_range(all));
  return {};
}

kernels::MinMax Observer::add(std::span<const float> x) {
  Statistics of_x;
  for (size_t begin = 0; begin < x.size(); begin += kChunk) {
    of_x.add(x.subspan(begin, std::min(kChunk, x.size() - begin)));
  }
  distribution_.add(x);
  statistics_.merge(of_x);
  return of_x.extremes;
}

kernels::MinMax Observer::add(std::span<const float> x, const AxisSplit& split) {
  Statistics of_x;
  kernels::for_each_channel_run(x, split, [&](int64_t channel, std::span<const float> run) {
    Statistics of_run;
    of_run.add(run);
    channels_[static_cast<size_t>(channel)].merge(of_run);
    of_x.merge(of_run);
  });
  distribution_.add(x);
  statistics_.merge(of_x);
  return of_x.extremes;
}

Status Observer::merge(const Observer& other) {
  if (channels_.size() != other.channels_.size()) {
    return invalid_argument(
        fmt::format("observers of {} and {} channels (0: the tensor as a whole) do not merge",
                    channels_.size(), other.channels_.size()));
  }
  ZP_RETURN_IF_ERROR(check_room(other.extremes_.count));
  extremes_.merge(other.extremes_);
  statistics_.merge(other.statistics_);
  for (size_t i = 0; i < channels_.size(); ++i) channels_[i].merge(other.channels_[i]);
  distribution_.merge(other.distribution_);
  return {};
}

std::vector<Bucket> Observer::buckets() const {
  std::vector<Bucket> buckets;
  if (distribution_.is_exact()) {
    for (const auto& [value, count] : distribution_.values().sorted()) {
      buckets.push_back({value, value, count});
    }
  } else {
    // Negative octaves come first, from the largest magnitude down.
    const Octaves& octaves = distribution_.octaves();
    std::vector<size_t> ids = octaves.ids();
    const auto first_negative = std::lower_bound(ids.begin(), ids.end(), size_t{256});
    std::rotate(ids.begin(), first_negative, ids.end());
    std::reverse(ids.begin(), ids.begin() + (ids.end() - first_negative));
    for (const size_t id : ids) {
      append_octave(id, octaves.counts(id), statistics_.extremes, buckets);
    }
  }
  if (statistics_.extremes.zeros > 0) {
    const auto place = std::find_if(buckets.begin(), buckets.end(),
                                    [](const Bucket& bucket) { return bucket.low > 0; });
    buckets.insert(place, {0, 0, statistics_.extremes.zeros});
  }
  return buckets;
}

Observer Observer::from_parts(const kernels::ValueRange& extremes, Statistics statistics,
                              std::vector<Statistics> channels, Distribution distribution) {
  Observer observer;
  observer.extremes_ = extremes;
  observer.statistics_ = std::move(statistics);
  observer.channels_ = std::move(channels);
  observer.distribution_ = std::move(distribution);
  return observer;
}

}  // namespace zp
