#include "zeropoint/kernels/moments.h"

#include <algorithm>
#include <bit>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "zeropoint/kernels/moments.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "zeropoint/kernels/simd-inl.h"

// How doubles add without rounding. A block of 2^10 elements is taken in windows of 19 octaves,
// from the largest magnitude down; most data needs one window. Let a window hold the normal numbers
// with biased exponents in [low, top], top - low <= 18. There
//
//   x is a multiple of 2^(low-150) and |x| < 2^(top-126),
//
// so 2^10 of them sum to below 2^(top-116) = 2^(top-low+34) units of 2^(low-150), at most 2^52
// units: every partial sum is a double, and double additions in any order are exact.
//
// x*x is a multiple of 2^(2 low-300) and below 2^(2 top-252): exact as a double, which has 53 bits
// where the product needs 48. The sum of 2^10 squares is below B = 2^(2 top-242). An accumulator
// that starts at B stays within [B, 2B], where doubles are multiples of q = B * 2^-52; it takes x*x
// rounded to a multiple of q, and what it leaves is less than q in any rounding mode, exact, and is
// added up apart: 2^10 * q = 2^(2 top-284) = 2^(2(top-low)+16) units of 2^(2 low-300), at most
// 2^52.
//
// So each block gives three integers below 2^53 for each window. Subnormal numbers are added as
// integers, which no flush-to-zero mode touches.

HWY_BEFORE_NAMESPACE();
namespace zp::kernels {
namespace HWY_NAMESPACE {

using DD = hn::ScalableTag<double>;
using DH = hn::Rebind<float, DD>;  // as many floats as fit a vector as doubles
using VD = hn::Vec<DD>;

constexpr size_t kBlock = 1024;
constexpr uint32_t kWindowOctaves = 19;
constexpr uint32_t kSmallestNormal = 0x00800000;
constexpr uint32_t kInfinity = 0x7f800000;

constexpr double power_of_two(int exponent) {
  return std::bit_cast<double>(static_cast<uint64_t>(exponent + 1023) << 52);
}

// value is a multiple of 2^exponent below 2^53 of them.
void add_exactly(double value, int exponent, ExactSum& sum) {
  sum.add_scaled(static_cast<int64_t>(value * power_of_two(-exponent)), exponent);
}

// Blocks are padded with zeros, which add nothing, to a multiple of this.
HWY_INLINE size_t block_step() { return 2 * hn::Lanes(DF()); }

// Adds a block whose non-zero elements all lie in the window that ends with the exponent `top`.
void add_window(const float* HWY_RESTRICT x, size_t count, int top, Moments& moments) {
  const DD d;
  const DH dh;
  const size_t lanes = hn::Lanes(d);
  const double start = power_of_two(2 * top - 242);
  const VD zero = hn::Zero(d);
  VD sum0 = zero, sum1 = zero, rest0 = zero, rest1 = zero;
  VD square0 = hn::Set(d, start), square1 = square0;
  for (size_t i = 0; i < count; i += 2 * lanes) {
    const VD a = hn::PromoteTo(d, hn::LoadU(dh, x + i));
    const VD b = hn::PromoteTo(d, hn::LoadU(dh, x + i + lanes));
    sum0 = hn::Add(sum0, a);
    sum1 = hn::Add(sum1, b);
    // a*a is exact, so a fused multiply-add gives the same as two instructions.
    const VD next0 = hn::MulAdd(a, a, square0);
    const VD next1 = hn::MulAdd(b, b, square1);
    rest0 = hn::Add(rest0, hn::MulSub(a, a, hn::Sub(next0, square0)));
    rest1 = hn::Add(rest1, hn::MulSub(b, b, hn::Sub(next1, square1)));
    square0 = next0;
    square1 = next1;
  }
  const VD first = hn::Set(d, start);
  const VD squares = hn::Add(hn::Sub(square0, first), hn::Sub(square1, first));
  const int low = std::max(top - static_cast<int>(kWindowOctaves) + 1, 1);
  add_exactly(hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1))), low - 150, moments.sum);
  add_exactly(hn::GetLane(hn::SumOfLanes(d, squares)), 2 * top - 294, moments.sum_of_squares);
  add_exactly(hn::GetLane(hn::SumOfLanes(d, hn::Add(rest0, rest1))), 2 * low - 300,
              moments.sum_of_squares);
}

// The magnitudes' bits of the elements in a block.
struct Magnitudes {
  uint32_t largest_finite = 0;
  uint32_t largest = 0;
  uint32_t smallest_nonzero = kInfinity;
};

HWY_INLINE VI magnitude_bits(const float* x) {
  return hn::And(hn::BitCast(DI(), hn::LoadU(DF(), x)), hn::Set(DI(), 0x7fffffff));
}

HWY_INLINE uint32_t largest_lane(VI v) {
  return static_cast<uint32_t>(hn::GetLane(hn::MaxOfLanes(DI(), v)));
}

Magnitudes magnitudes(const float* x, size_t count) {
  const DI di;
  const VI infinity = hn::Set(di, static_cast<int32_t>(kInfinity));
  VI largest = hn::Zero(di);
  VI largest_finite = hn::Zero(di);
  VI smallest = infinity;
  for (size_t i = 0; i < count; i += hn::Lanes(di)) {
    const VI m = magnitude_bits(x + i);
    largest = hn::Max(largest, m);
    largest_finite = hn::Max(largest_finite, hn::IfThenElseZero(hn::Lt(m, infinity), m));
    smallest = hn::Min(smallest, hn::IfThenElse(hn::Eq(m, hn::Zero(di)), infinity, m));
  }
  return {largest_lane(largest_finite), largest_lane(largest),
          static_cast<uint32_t>(hn::GetLane(hn::MinOfLanes(di, smallest)))};
}

// The elements with magnitude bits in [low, high], and zero in place of the others. Returns the
// largest magnitude below low.
uint32_t select_window(const float* x, size_t count, uint32_t low, uint32_t high,
                       float* HWY_RESTRICT selected) {
  const DI di;
  const VI lowest = hn::Set(di, static_cast<int32_t>(low));
  const VI highest = hn::Set(di, static_cast<int32_t>(high));
  VI below = hn::Zero(di);
  for (size_t i = 0; i < count; i += hn::Lanes(di)) {
    const VI bits = hn::BitCast(di, hn::LoadU(DF(), x + i));
    const VI m = magnitude_bits(x + i);
    const auto is_below = hn::Lt(m, lowest);
    below = hn::Max(below, hn::IfThenElseZero(is_below, m));
    const VI kept = hn::IfThenZeroElse(hn::Or(is_below, hn::Gt(m, highest)), bits);
    hn::Store(hn::BitCast(DF(), kept), DF(), selected + i);
  }
  return largest_lane(below);
}

// Subnormal numbers are integers times 2^-149.
void add_subnormals(const float* x, size_t count, Moments& moments) {
  int64_t sum = 0;
  int64_t squares = 0;  // below 2^10 * 2^46
  for (size_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<uint32_t>(x[i]);
    const uint32_t magnitude = bits & 0x7fffffff;
    const int64_t m = magnitude < kSmallestNormal ? magnitude : 0;
    sum += bits == magnitude ? m : -m;
    squares += m * m;
  }
  moments.sum.add_scaled(sum, -149);
  moments.sum_of_squares.add_scaled(squares, -298);
}

uint32_t window_start(uint32_t top) { return std::max(top, kWindowOctaves) - kWindowOctaves + 1; }

// count is a multiple of block_step(), at most kBlock.
void add_block(const float* x, size_t count, Moments& moments) {
  const Magnitudes found = magnitudes(x, count);
  uint32_t high = found.largest_finite;
  const uint32_t first = window_start(high >> 23);
  if (HWY_LIKELY(found.largest == high && found.smallest_nonzero >= first << 23)) {
    if (high != 0) add_window(x, count, static_cast<int>(high >> 23), moments);
    return;
  }
  HWY_ALIGN float selected[kBlock];
  while (high >= kSmallestNormal) {
    const uint32_t top = high >> 23;
    high = select_window(x, count, window_start(top) << 23, high, selected);
    add_window(selected, count, static_cast<int>(top), moments);
  }
  if (high != 0) add_subnormals(x, count, moments);
}

void add_moments(const float* x, size_t count, Moments& moments) {
  size_t i = 0;
  for (; count - i >= kBlock; i += kBlock) add_block(x + i, kBlock, moments);
  if (i == count) return;
  HWY_ALIGN float last[kBlock];
  const size_t step = block_step();
  const size_t padded = (count - i + step - 1) / step * step;
  std::fill(std::copy(x + i, x + count, last), last + padded, 0.0f);
  add_block(last, padded, moments);
}

}  // namespace HWY_NAMESPACE
}  // namespace zp::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zp::kernels {
namespace {

HWY_EXPORT(add_moments);

}  // namespace

void add_moments(std::span<const float> x, Moments& moments) {
  HWY_DYNAMIC_DISPATCH(add_moments)(x.data(), x.size(), moments);
}

}  // namespace zp::kernels
#endif  // HWY_ONCE
