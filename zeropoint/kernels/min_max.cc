#include "zeropoint/kernels/min_max.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "zeropoint/kernels/min_max.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "zeropoint/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zp::kernels {
namespace HWY_NAMESPACE {

using DU = hn::RebindToUnsigned<DI>;
using VU = hn::Vec<DU>;

constexpr int32_t kInfinityKey = order_key(MinMax::kNone);
constexpr int32_t kMinusInfinityKey = order_key(-MinMax::kNone);

HWY_INLINE VI keys_of(VI bits) {
  return hn::Xor(bits, hn::And(hn::ShiftRight<31>(bits), hn::Set(DI(), 0x7fffffff)));
}

HWY_INLINE uint64_t lanes_sum(VI counts) {
  return static_cast<uint64_t>(hn::GetLane(hn::SumOfLanes(DI(), counts)));
}

struct Extremes {
  VI min;
  VI max;
  VU smallest;  // twice the magnitude's bits, less one
};

HWY_INLINE Extremes no_extremes() {
  return {hn::Set(DI(), kInfinityKey), hn::Set(DI(), kMinusInfinityKey),
          hn::Set(DU(), ~uint32_t{0})};
}

// Twice the bits drop the sign, and less one turns zero into the largest number of all.
HWY_INLINE VU shifted_magnitude(VI bits) {
  const VU u = hn::BitCast(DU(), bits);
  return hn::Sub(hn::Add(u, u), hn::Set(DU(), 1));
}

// The finite elements' extremes and the kinds of the others, which are rare.
HWY_NOINLINE void block_with_others(const float* x, size_t vectors, Extremes& extremes,
                                    MinMax& counts) {
  const DI di;
  const size_t lanes = hn::Lanes(di);
  const VI infinity = hn::Set(di, kInfinityKey);
  const VI minus_infinity = hn::Set(di, kMinusInfinityKey);
  for (size_t i = 0; i < vectors; ++i) {
    const VI bits = hn::BitCast(di, hn::LoadU(DF(), x + i * lanes));
    const VI keys = keys_of(bits);
    const auto finite = hn::And(hn::Lt(keys, infinity), hn::Gt(keys, minus_infinity));
    const size_t positive = hn::CountTrue(di, hn::Eq(keys, infinity));
    const size_t negative = hn::CountTrue(di, hn::Eq(keys, minus_infinity));
    counts.positive_infinity += positive;
    counts.negative_infinity += negative;
    counts.nan += lanes - hn::CountTrue(di, finite) - positive - negative;
    extremes.min = hn::Min(extremes.min, hn::IfThenElse(finite, keys, infinity));
    extremes.max = hn::Max(extremes.max, hn::IfThenElse(finite, keys, minus_infinity));
    const VI magnitude = hn::BitCast(di, shifted_magnitude(bits));
    extremes.smallest = hn::Min(
        extremes.smallest, hn::BitCast(DU(), hn::IfThenElse(finite, magnitude, hn::Set(di, -1))));
  }
}

// Any elements, the kinds and zeros counted.
void count_block(const float* x, size_t vectors, Extremes& all, MinMax& counts) {
  const DI di;
  const size_t lanes = hn::Lanes(di);
  Extremes block = no_extremes();
  VI positive_zeros = hn::Zero(di);
  VI negative_zeros = hn::Zero(di);
  for (size_t v = 0; v < vectors; ++v) {
    const VI bits = hn::BitCast(di, hn::LoadU(DF(), x + v * lanes));
    const VI keys = keys_of(bits);
    block.min = hn::Min(block.min, keys);
    block.max = hn::Max(block.max, keys);
    block.smallest = hn::Min(block.smallest, shifted_magnitude(bits));
    // A true lane is -1, and so is the key of -0.
    positive_zeros = hn::Sub(positive_zeros, hn::VecFromMask(di, hn::Eq(keys, hn::Zero(di))));
    negative_zeros = hn::Sub(negative_zeros, hn::VecFromMask(di, hn::Eq(keys, hn::Set(di, -1))));
  }
  counts.count += vectors * lanes;
  const uint64_t negative = lanes_sum(negative_zeros);
  counts.zeros += lanes_sum(positive_zeros) + negative;
  counts.negative_zeros += negative;
  const auto low = hn::GetLane(hn::MinOfLanes(di, block.min));
  const auto high = hn::GetLane(hn::MaxOfLanes(di, block.max));
  if (HWY_UNLIKELY(low <= kMinusInfinityKey || high >= kInfinityKey)) {
    block_with_others(x, vectors, all, counts);
  } else {
    all.min = hn::Min(all.min, block.min);
    all.max = hn::Max(all.max, block.max);
    all.smallest = hn::Min(all.smallest, block.smallest);
  }
}

// What three instructions an element tell of finite numbers other than zero.
struct RawExtremes {
  VI largest;          // of the bits as signed integers: the largest positive number, if any
  VU largest_bits;     // as unsigned ones: the most negative number, if any
  VU twice_magnitude;  // the smallest magnitude's bits, twice: the sign drops out

  HWY_INLINE void add(VI bits) {
    const VU u = hn::BitCast(DU(), bits);
    largest = hn::Max(largest, bits);
    largest_bits = hn::Max(largest_bits, u);
    twice_magnitude = hn::Min(twice_magnitude, hn::Add(u, u));
  }
  HWY_INLINE void merge(const RawExtremes& other) {
    largest = hn::Max(largest, other.largest);
    largest_bits = hn::Max(largest_bits, other.largest_bits);
    twice_magnitude = hn::Min(twice_magnitude, other.twice_magnitude);
  }
  // Whether only such numbers were added.
  HWY_INLINE bool is_sound() const {
    const VI infinity = hn::BitCast(DI(), hn::Set(DF(), MinMax::kNone));
    const VU minus_infinity = hn::BitCast(DU(), hn::Set(DF(), -MinMax::kNone));
    // Compared by maximum, as unsigned order is no comparison of all targets.
    const VI unsound = hn::Or(
        hn::VecFromMask(DI(), hn::Gt(largest, hn::Sub(infinity, hn::Set(DI(), 1)))),
        hn::BitCast(DI(), hn::Or(hn::VecFromMask(DU(), hn::Eq(hn::Max(largest_bits, minus_infinity),
                                                              largest_bits)),
                                 hn::VecFromMask(DU(), hn::Eq(twice_magnitude, hn::Zero(DU()))))));
    return hn::AllTrue(DI(), hn::Eq(unsound, hn::Zero(DI())));
  }
};

HWY_INLINE RawExtremes no_raw_extremes() {
  return {hn::Set(DI(), INT32_MIN), hn::Zero(DU()), hn::Set(DU(), ~uint32_t{0})};
}

constexpr size_t kScanVectors = 8;

// As many vectors of both streams; false, and nothing kept, where one is not for RawExtremes.
HWY_INLINE bool scan(const float* a, const float* b, RawExtremes& all) {
  const size_t lanes = hn::Lanes(DI());
  RawExtremes first = no_raw_extremes();
  RawExtremes second = no_raw_extremes();
  for (size_t v = 0; v < kScanVectors; ++v) {
    first.add(hn::BitCast(DI(), hn::LoadU(DF(), a + v * lanes)));
    second.add(hn::BitCast(DI(), hn::LoadU(DF(), b + v * lanes)));
  }
  first.merge(second);
  if (HWY_UNLIKELY(!first.is_sound())) return false;
  all.merge(first);
  return true;
}

MinMax to_min_max(const RawExtremes& raw) {
  MinMax result;
  const uint32_t twice = hn::GetLane(hn::MinOfLanes(DU(), raw.twice_magnitude));
  if (twice == ~uint32_t{0}) return result;  // nothing was added
  const uint32_t smallest = twice / 2;
  const uint32_t most_negative = hn::GetLane(hn::MaxOfLanes(DU(), raw.largest_bits));
  const int32_t largest = hn::GetLane(hn::MaxOfLanes(DI(), raw.largest));
  constexpr uint32_t kSign = 0x80000000;
  // Where all have one sign, the other extreme is the one nearest to zero.
  result.min = std::bit_cast<float>(most_negative >= kSign ? most_negative : smallest);
  result.max =
      largest >= 0 ? std::bit_cast<float>(largest) : std::bit_cast<float>(kSign | smallest);
  result.smallest_magnitude = std::bit_cast<float>(smallest);
  return result;
}

MinMax to_min_max(const Extremes& all) {
  MinMax result;
  const int32_t min = hn::GetLane(hn::MinOfLanes(DI(), all.min));
  const int32_t max = hn::GetLane(hn::MaxOfLanes(DI(), all.max));
  const uint32_t smallest = hn::GetLane(hn::MinOfLanes(DU(), all.smallest));
  // The key of -0 is -1, and zero is +0 in the result.
  if (min < kInfinityKey) result.min = from_order_key(min == -1 ? 0 : min);
  if (max > kMinusInfinityKey) result.max = from_order_key(max == -1 ? 0 : max);
  if (smallest != ~uint32_t{0}) {
    result.smallest_magnitude = std::bit_cast<float>((smallest + 1) / 2);
  }
  return result;
}

// Both halves are read side by side: two streams come out of memory faster than one.
void min_max(const float* x, size_t count, MinMax& result) {
  const size_t lanes = hn::Lanes(DI());
  const size_t step = kScanVectors * lanes;
  const size_t chunk = 8 * step;
  const size_t half = count / 2 / step * step;
  const float* y = x + half;
  RawExtremes raw = no_raw_extremes();
  Extremes all = no_extremes();
  size_t i = 0;
  while (i < half) {
    const size_t end = std::min(half, i + chunk);
    const size_t begin = i;
    while (i < end && scan(x + i, y + i, raw)) i += step;
    result.count += 2 * (i - begin);
    // The first zero, NaN or infinity: more of them are likely near.
    if (i < end) {
      count_block(x + i, (end - i) / lanes, all, result);
      count_block(y + i, (end - i) / lanes, all, result);
      i = end;
    }
  }
  const size_t rest = (count - 2 * half) / lanes;
  count_block(x + 2 * half, rest, all, result);
  result.merge(to_min_max(raw));
  result.merge(to_min_max(all));
  for (i = 2 * half + rest * lanes; i < count; ++i) result.add(x[i]);
}

}  // namespace HWY_NAMESPACE
}  // namespace zp::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zp::kernels {
namespace {

HWY_EXPORT(min_max);

// The smaller or larger of two floats by their bits; a zero comes out as +0.
float smaller(float a, float b) {
  const int32_t key = std::min(order_key(a), order_key(b));
  return from_order_key(key == -1 ? 0 : key);
}
float larger(float a, float b) {
  const int32_t key = std::max(order_key(a), order_key(b));
  return from_order_key(key == -1 ? 0 : key);
}

}  // namespace

void MinMax::merge(const MinMax& other) {
  count += other.count;
  nan += other.nan;
  positive_infinity += other.positive_infinity;
  negative_infinity += other.negative_infinity;
  zeros += other.zeros;
  negative_zeros += other.negative_zeros;
  min = smaller(min, other.min);
  max = larger(max, other.max);
  smallest_magnitude = smaller(smallest_magnitude, other.smallest_magnitude);
}

void MinMax::add(float x) {
  ++count;
  const auto bits = std::bit_cast<uint32_t>(x);
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) {
    ++nan;
  } else if (magnitude == 0x7f800000) {
    ++(bits == magnitude ? positive_infinity : negative_infinity);
  } else {
    min = smaller(min, x);
    max = larger(max, x);
    if (magnitude != 0) {
      smallest_magnitude = smaller(smallest_magnitude, std::bit_cast<float>(magnitude));
    } else {
      ++zeros;
      if (bits != 0) ++negative_zeros;
    }
  }
}

MinMax min_max(std::span<const float> x) {
  MinMax result;
  HWY_DYNAMIC_DISPATCH(min_max)(x.data(), x.size(), result);
  return result;
}

}  // namespace zp::kernels
#endif  // HWY_ONCE
