#include "zeropoint/kernels/value_range.h"

#include <algorithm>
#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "zeropoint/kernels/value_range.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "zeropoint/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zp::kernels {
namespace HWY_NAMESPACE {

using DU = hn::RebindToUnsigned<DI>;
using VU = hn::Vec<DU>;

// The least and the most of the bits of at least one float, as signed and as unsigned integers.
// Negative floats are negative integers, and the larger unsigned ones; among those of one sign the
// magnitude decides.
void bit_ends(const float* x, size_t count, int32_t& least, int32_t& most, uint32_t& least_unsigned,
              uint32_t& most_unsigned) {
  const DI di;
  const DU du;
  const size_t lanes = hn::Lanes(di);
  VI least0 = hn::Set(di, INT32_MAX), least1 = least0;
  VI most0 = hn::Set(di, INT32_MIN), most1 = most0;
  VU least_unsigned0 = hn::Set(du, UINT32_MAX), least_unsigned1 = least_unsigned0;
  VU most_unsigned0 = hn::Zero(du), most_unsigned1 = most_unsigned0;
  size_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    const VI a = hn::BitCast(di, hn::LoadU(DF(), x + i));
    const VI b = hn::BitCast(di, hn::LoadU(DF(), x + i + lanes));
    least0 = hn::Min(least0, a);
    least1 = hn::Min(least1, b);
    most0 = hn::Max(most0, a);
    most1 = hn::Max(most1, b);
    least_unsigned0 = hn::Min(least_unsigned0, hn::BitCast(du, a));
    least_unsigned1 = hn::Min(least_unsigned1, hn::BitCast(du, b));
    most_unsigned0 = hn::Max(most_unsigned0, hn::BitCast(du, a));
    most_unsigned1 = hn::Max(most_unsigned1, hn::BitCast(du, b));
  }
  least = hn::GetLane(hn::MinOfLanes(di, hn::Min(least0, least1)));
  most = hn::GetLane(hn::MaxOfLanes(di, hn::Max(most0, most1)));
  least_unsigned = hn::GetLane(hn::MinOfLanes(du, hn::Min(least_unsigned0, least_unsigned1)));
  most_unsigned = hn::GetLane(hn::MaxOfLanes(du, hn::Max(most_unsigned0, most_unsigned1)));
  for (; i < count; ++i) {
    const auto bits = std::bit_cast<int32_t>(x[i]);
    const auto unsigned_bits = std::bit_cast<uint32_t>(x[i]);
    least = std::min(least, bits);
    most = std::max(most, bits);
    least_unsigned = std::min(least_unsigned, unsigned_bits);
    most_unsigned = std::max(most_unsigned, unsigned_bits);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace zp::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zp::kernels {
namespace {

HWY_EXPORT(bit_ends);

constexpr size_t kBlock = 16384;  // so many are looked at again where one of them is not finite

float smaller(float a, float b) { return order_key(a) < order_key(b) ? a : b; }
float larger(float a, float b) { return order_key(a) > order_key(b) ? a : b; }

// As in MinMax, a zero is +0.
float float_of(uint32_t bits) { return bits << 1 == 0 ? 0.0F : std::bit_cast<float>(bits); }

ValueRange block_range(std::span<const float> x) {
  constexpr int32_t kInfinity = 0x7f800000;
  constexpr uint32_t kMinusInfinity = 0xff800000;
  int32_t least = 0;
  int32_t most = 0;
  uint32_t least_unsigned = 0;
  uint32_t most_unsigned = 0;
  HWY_DYNAMIC_DISPATCH(bit_ends)
  (x.data(), x.size(), least, most, least_unsigned, most_unsigned);
  if (most >= kInfinity || most_unsigned >= kMinusInfinity) {
    return ValueRange::of(min_max(x));
  }
  ValueRange range;
  range.count = x.size();
  // Where all are of one sign, the end next to zero is the one of the least magnitude.
  range.min = float_of(least < 0 ? most_unsigned : least_unsigned);
  range.max = float_of(static_cast<uint32_t>(most >= 0 ? most : least));
  return range;
}

}  // namespace

ValueRange ValueRange::of(const MinMax& m) {
  return {m.count, m.nan, m.positive_infinity, m.negative_infinity, m.min, m.max};
}

void ValueRange::merge(const ValueRange& other) {
  count += other.count;
  nan += other.nan;
  positive_infinity += other.positive_infinity;
  negative_infinity += other.negative_infinity;
  min = smaller(min, other.min);
  max = larger(max, other.max);
}

ValueRange value_range(std::span<const float> x) {
  ValueRange range;
  for (size_t i = 0; i < x.size(); i += kBlock) {
    range.merge(block_range(x.subspan(i, std::min(kBlock, x.size() - i))));
  }
  return range;
}

}  // namespace zp::kernels
#endif  // HWY_ONCE
