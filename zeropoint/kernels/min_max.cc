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

void min_max(const float* x, size_t count, MinMax& result) {
  const DI di;
  const DU du;
  const size_t lanes = hn::Lanes(di);
  constexpr size_t kBlockVectors = 128;
  Extremes all = no_extremes();
  size_t i = 0;
  while (count - i >= lanes) {
    const size_t vectors = std::min(kBlockVectors, (count - i) / lanes);
    Extremes block = no_extremes();
    VI positive_zeros = hn::Zero(di);
    VI negative_zeros = hn::Zero(di);
    for (size_t v = 0; v < vectors; ++v) {
      const VI bits = hn::BitCast(di, hn::LoadU(DF(), x + i + v * lanes));
      const VI keys = keys_of(bits);
      block.min = hn::Min(block.min, keys);
      block.max = hn::Max(block.max, keys);
      block.smallest = hn::Min(block.smallest, shifted_magnitude(bits));
      // A true lane is -1, and so is the key of -0.
      positive_zeros = hn::Sub(positive_zeros, hn::VecFromMask(di, hn::Eq(keys, hn::Zero(di))));
      negative_zeros = hn::Sub(negative_zeros, hn::VecFromMask(di, hn::Eq(keys, hn::Set(di, -1))));
    }
    const uint64_t negative = lanes_sum(negative_zeros);
    result.zeros += lanes_sum(positive_zeros) + negative;
    result.negative_zeros += negative;
    const auto low = hn::GetLane(hn::MinOfLanes(di, block.min));
    const auto high = hn::GetLane(hn::MaxOfLanes(di, block.max));
    if (HWY_UNLIKELY(low <= kMinusInfinityKey || high >= kInfinityKey)) {
      block_with_others(x + i, vectors, all, result);
    } else {
      all.min = hn::Min(all.min, block.min);
      all.max = hn::Max(all.max, block.max);
      all.smallest = hn::Min(all.smallest, block.smallest);
    }
    i += vectors * lanes;
  }
  result.count = i;
  const int32_t min = hn::GetLane(hn::MinOfLanes(di, all.min));
  const int32_t max = hn::GetLane(hn::MaxOfLanes(di, all.max));
  const uint32_t smallest = hn::GetLane(hn::MinOfLanes(du, all.smallest));
  // The key of -0 is -1, and zero is +0 in the result.
  if (min < kInfinityKey) result.min = from_order_key(min == -1 ? 0 : min);
  if (max > kMinusInfinityKey) result.max = from_order_key(max == -1 ? 0 : max);
  if (smallest != ~uint32_t{0})
    result.smallest_magnitude = std::bit_cast<float>((smallest + 1) / 2);
  for (; i < count; ++i) result.add(x[i]);
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
