#include "zeropoint/observe/observer_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "zeropoint/kernels/min_max.h"

namespace zp {
namespace {

using kernels::MinMax;
using kernels::ValueRange;

bool same_bits(float a, float b) {
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b);
}

bool is_minus_zero(float x) { return same_bits(x, -0.0F); }

tl::unexpected<Error> inconsistent(std::string_view what) {
  return invalid_data(fmt::format("inconsistent: {}", what));
}

Status check_counts(const MinMax& m) {
  if (m.count > Observer::kMaxElements) {
    return inconsistent(fmt::format("{} elements are more than 2^63", m.count));
  }
  uint64_t rest = m.count;
  for (const uint64_t part : {m.nan, m.positive_infinity, m.negative_infinity, m.zeros}) {
    if (part > rest) {
      return inconsistent(fmt::format("{} elements, but {} NaN, {} and {} infinities and {} zeros",
                                      m.count, m.nan, m.positive_infinity, m.negative_infinity,
                                      m.zeros));
    }
    rest -= part;
  }
  if (m.negative_zeros > m.zeros) {
    return inconsistent(fmt::format("{} zeros, but {} negative zeros", m.zeros, m.negative_zeros));
  }
  return {};
}

// The extremes that go with the counts of zeros and other finite elements.
bool extremes_possible(const MinMax& m) {
  if (m.finite() == 0) {
    return same_bits(m.min, MinMax::kNone) && same_bits(m.max, -MinMax::kNone) &&
           same_bits(m.smallest_magnitude, MinMax::kNone);
  }
  if (!std::isfinite(m.min) || !std::isfinite(m.max) || m.min > m.max) return false;
  if (is_minus_zero(m.min) || is_minus_zero(m.max)) return false;
  const uint64_t others = m.finite() - m.zeros;
  if (others == 0) {
    return m.min == 0 && m.max == 0 && same_bits(m.smallest_magnitude, MinMax::kNone);
  }
  // Zeros lie within the extremes, and an extreme of zero is one of them.
  if (m.zeros > 0 ? m.min > 0 || m.max < 0 : m.min == 0 || m.max == 0) return false;
  const float magnitude = std::max(std::abs(m.min), std::abs(m.max));
  if (!(m.smallest_magnitude > 0) || m.smallest_magnitude > magnitude) return false;
  if (m.min > 0 && m.smallest_magnitude != m.min) return false;
  if (m.max < 0 && m.smallest_magnitude != -m.max) return false;
  // Elements that the extremes and the smallest magnitude name must exist.
  const bool both_signs = m.min < 0 && m.max > 0;
  const bool inside = m.smallest_magnitude != std::abs(m.min) && m.smallest_magnitude != m.max;
  const uint64_t named =
      (m.min != 0) + (m.max != 0 && m.max != m.min) + (inside && (both_signs || m.zeros > 0));
  return others >= named;
}

// low <= sum <= high as exact numbers.
bool within(const ExactSum& low, const ExactSum& sum, const ExactSum& high) {
  return !(sum < low) && !(high < sum);
}

// What is said of all elements, against what is known of those looked at closely.
Status check_extremes(const ValueRange& all, const ValueRange& part) {
  uint64_t rest = all.count;
  for (const uint64_t kind : {all.nan, all.positive_infinity, all.negative_infinity}) {
    if (kind > rest) return inconsistent("more NaN and infinities than elements");
    rest -= kind;
  }
  const bool ends = rest == 0
                        ? same_bits(all.min, MinMax::kNone) && same_bits(all.max, -MinMax::kNone)
                        : std::isfinite(all.min) && std::isfinite(all.max) && all.min <= all.max &&
                              !is_minus_zero(all.min) && !is_minus_zero(all.max);
  if (all.count > Observer::kMaxElements || !ends) {
    return inconsistent(fmt::format("minimum {} and maximum {} of {} elements, {} of them finite",
                                    all.min, all.max, all.count, rest));
  }
  const bool holds = part.nan <= all.nan && part.positive_infinity <= all.positive_infinity &&
                     part.negative_infinity <= all.negative_infinity &&
                     part.finite() <= all.finite() && part.min >= all.min && part.max <= all.max &&
                     (part.count < all.count || part == all);
  if (!holds) return inconsistent("the elements looked at closely are not among all");
  return {};
}

Status check_statistics(const Statistics& statistics) {
  const MinMax& m = statistics.extremes;
  ZP_RETURN_IF_ERROR(check_counts(m));
  if (!extremes_possible(m)) {
    return inconsistent(fmt::format(
        "minimum {}, maximum {} and smallest magnitude {} of {} finite elements with {} zeros",
        m.min, m.max, m.smallest_magnitude, m.finite(), m.zeros));
  }
  ExactSum low, high, low_square, high_square;
  const uint64_t others = m.finite() - m.zeros;
  if (m.finite() > 0) {
    low.add(m.min, m.finite());
    high.add(m.max, m.finite());
  }
  if (others > 0) {
    low_square.add_square(m.smallest_magnitude, others);
    high_square.add_square(std::max(std::abs(m.min), std::abs(m.max)), others);
  }
  if (!within(low, statistics.moments.sum, high)) {
    return inconsistent("the sum does not lie between count * minimum and count * maximum");
  }
  if (!within(low_square, statistics.moments.sum_of_squares, high_square)) {
    return inconsistent("the sum of squares does not fit the magnitudes");
  }
  return {};
}

Status check_channels(const Observer& observer) {
  if (observer.channels().empty()) return {};
  const uint64_t elements = observer.statistics().extremes.count;
  Statistics together;
  for (size_t i = 0; i < observer.channels().size(); ++i) {
    const Statistics& channel = observer.channels()[i];
    if (Status status = check_statistics(channel); !status) {
      return tl::unexpected<Error>(std::move(status).error().at(fmt::format("channel {}", i)));
    }
    if (channel.extremes.count > elements - together.extremes.count) {
      return inconsistent("the channels have more elements than the whole");
    }
    together.merge(channel);
  }
  if (together != observer.statistics()) {
    return inconsistent(
        fmt::format("the {} channels together are not the whole", observer.channels().size()));
  }
  return {};
}

Status check_exact(const Observer& observer) {
  const MinMax& m = observer.statistics().extremes;
  const uint64_t others = m.finite() - m.zeros;
  MinMax extremes;
  kernels::Moments moments;
  uint64_t elements = 0;
  for (const auto& [value, count] : observer.distribution().values().sorted()) {
    if (count > others - elements) {
      return inconsistent("the values' counts exceed the finite elements");
    }
    elements += count;
    extremes.add(value);
    moments.sum.add(value, count);
    moments.sum_of_squares.add_square(value, count);
  }
  if (elements != others) {
    return inconsistent("the values' counts do not add up to the finite elements");
  }
  if (m.zeros > 0) extremes.add(0.0f);
  if (extremes.min != m.min || extremes.max != m.max ||
      extremes.smallest_magnitude != m.smallest_magnitude) {
    return inconsistent("the values do not have the minimum, maximum and smallest magnitude");
  }
  if (moments != observer.statistics().moments) {
    return inconsistent("the values do not add up to the sums");
  }
  return {};
}

// What the octaves say about the sums and the ends, without the exact extremes' help.
struct OctaveBounds {
  ExactSum low, high, low_square, high_square;
  uint64_t elements = 0;
  uint32_t smallest_key = 0x7fff;
  uint32_t largest_positive = 0;
  uint32_t largest_negative = 0;
  bool positive = false;
  bool negative = false;
};

// Whether the counts stay below `limit`.
bool add_octave_bounds(size_t octave, const kernels::OctaveCounts& counts, uint64_t limit,
                       OctaveBounds& bounds) {
  for (size_t i = 0; i < counts.size(); ++i) {
    const uint64_t count = counts[i];
    if (count == 0) continue;
    if (count > limit - bounds.elements) return false;
    bounds.elements += count;
    const auto key = static_cast<uint32_t>(octave % 256 * kernels::kOctaveBuckets + i);
    const auto near = std::bit_cast<float>(key << 16);
    const auto far = std::bit_cast<float>(key << 16 | 0xffff);
    const bool negative = octave >= 256;
    bounds.low.add(negative ? -far : near, count);
    bounds.high.add(negative ? -near : far, count);
    bounds.low_square.add_square(near, count);
    bounds.high_square.add_square(far, count);
    bounds.smallest_key = std::min(bounds.smallest_key, key);
    uint32_t& largest = negative ? bounds.largest_negative : bounds.largest_positive;
    largest = std::max(largest, key);
    (negative ? bounds.negative : bounds.positive) = true;
  }
  return true;
}

uint32_t magnitude_key(float x) { return (std::bit_cast<uint32_t>(x) & 0x7fffffff) >> 16; }

Status check_octaves(const Observer& observer) {
  const MinMax& m = observer.statistics().extremes;
  const uint64_t others = m.finite() - m.zeros;
  OctaveBounds bounds;
  for (const size_t octave : observer.distribution().octaves().ids()) {
    if (!add_octave_bounds(octave, observer.distribution().octaves().counts(octave), others,
                           bounds)) {
      return inconsistent("the buckets' counts exceed the finite elements");
    }
  }
  if (bounds.elements != others) {
    return inconsistent("the buckets' counts do not add up to the finite elements");
  }
  if (others <= ExactValues::kMaxValues) {
    return inconsistent(fmt::format("octaves of {} elements, which are kept as values", others));
  }
  if (bounds.positive != (m.max > 0) || bounds.negative != (m.min < 0) ||
      (m.max > 0 && bounds.largest_positive != magnitude_key(m.max)) ||
      (m.min < 0 && bounds.largest_negative != magnitude_key(m.min)) ||
      bounds.smallest_key != magnitude_key(m.smallest_magnitude)) {
    return inconsistent("the buckets do not have the minimum, maximum and smallest magnitude");
  }
  const kernels::Moments& moments = observer.statistics().moments;
  if (!within(bounds.low, moments.sum, bounds.high) ||
      !within(bounds.low_square, moments.sum_of_squares, bounds.high_square)) {
    return inconsistent("the sums do not lie between those of the buckets' ends");
  }
  return {};
}

}  // namespace

Status check(const Observer& observer) {
  ZP_RETURN_IF_ERROR(check_statistics(observer.statistics()));
  ZP_RETURN_IF_ERROR(check_channels(observer));
  ZP_RETURN_IF_ERROR(observer.distribution().is_exact() ? check_exact(observer)
                                                        : check_octaves(observer));
  return check_extremes(observer.extremes(), ValueRange::of(observer.statistics().extremes));
}

}  // namespace zp
