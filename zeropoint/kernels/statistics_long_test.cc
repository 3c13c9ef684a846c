// min_max, the histogram and the moments over all 2^32 floats.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/kernels/histogram.h"
#include "zeropoint/kernels/min_max.h"
#include "zeropoint/kernels/moments.h"
#include "zeropoint/kernels/test_targets.h"

namespace zp::kernels {
namespace {

class AllFloats : public OnEachTarget {};
INSTANTIATE_ON_EACH_TARGET(AllFloats);

constexpr uint64_t kFloats = uint64_t{1} << 32;
constexpr size_t kChunk = size_t{1} << 20;

// body(chunk) for all floats. Multiplying the index by an odd number visits each once, in an order
// that mixes the exponents; by 1 it goes through them in the order of their bits.
template <class Body>
void for_all_floats(uint32_t step, Body body) {
  std::vector<float> chunk(kChunk);
  uint32_t bits = 0;
  for (uint64_t begin = 0; begin < kFloats; begin += kChunk) {
    for (float& value : chunk) {
      value = std::bit_cast<float>(bits);
      bits += step;
    }
    body(std::span<const float>(chunk));
  }
}

constexpr uint32_t kMixed = 0x9e3779b1;

TEST_P(AllFloats, MinMaxEqualsItsDefinition) {
  for_all_floats(1, [](std::span<const float> chunk) {
    MinMax expected;
    for (const float value : chunk) expected.add(value);
    ASSERT_EQ(min_max(chunk), expected);
  });
  MinMax all;
  for_all_floats(kMixed, [&](std::span<const float> chunk) { all.merge(min_max(chunk)); });
  EXPECT_EQ(all.count, kFloats);
  EXPECT_EQ(all.nan, 2 * ((uint64_t{1} << 23) - 1));
  EXPECT_EQ(all.positive_infinity, 1u);
  EXPECT_EQ(all.negative_infinity, 1u);
  EXPECT_EQ(all.zeros, 2u);
  EXPECT_EQ(all.negative_zeros, 1u);
  EXPECT_EQ(all.min, -std::numeric_limits<float>::max());
  EXPECT_EQ(all.max, std::numeric_limits<float>::max());
  EXPECT_EQ(all.smallest_magnitude, std::numeric_limits<float>::denorm_min());
}

// value * 2^exponent for a value of up to 128 bits.
__extension__ using Uint128 = unsigned __int128;
void add_wide(Uint128 value, int exponent, ExactSum& sum) {
  for (int part = 0; part < 4; ++part) {
    const auto digits = static_cast<int64_t>(static_cast<uint32_t>(value >> (32 * part)));
    if (digits != 0) sum.add_scaled(digits, exponent + 32 * part);
  }
}

// The sum of i^2 for i < n.
Uint128 sum_of_squares_below(Uint128 n) { return (n - 1) * n * (2 * n - 1) / 6; }

TEST_P(AllFloats, MomentsEqualTheClosedForm) {
  // Mantissas 2^23 .. 2^24 - 1 at every exponent, those below 2^23 for the subnormals, both signs.
  constexpr Uint128 kHalf = Uint128{1} << 23;
  Moments expected;  // positive and negative floats cancel
  add_wide(2 * sum_of_squares_below(kHalf), -298, expected.sum_of_squares);
  for (int exponent = 1; exponent < 255; ++exponent) {
    add_wide(2 * (sum_of_squares_below(2 * kHalf) - sum_of_squares_below(kHalf)),
             2 * (exponent - 150), expected.sum_of_squares);
  }
  for (const uint32_t step : {uint32_t{1}, kMixed}) {
    Moments moments;
    for_all_floats(step, [&](std::span<const float> chunk) { add_moments(chunk, moments); });
    EXPECT_EQ(moments, expected);
  }
}

TEST(AllFloatsHistogram, EveryKeyHas65536Floats) {
  for (const uint32_t step : {uint32_t{1}, kMixed}) {
    HistogramTable table;
    std::vector<uint64_t> counts(65536);
    const auto drain = [&] {
      for (size_t octave = 0; octave < kOctaves; ++octave) {
        OctaveCounts drained{};
        table.drain(octave, drained);
        for (size_t i = 0; i < kOctaveBuckets; ++i)
          counts[octave * kOctaveBuckets + i] += drained[i];
      }
    };
    for_all_floats(step, [&](std::span<const float> chunk) {
      if (table.elements() == kFloats / 2) drain();  // 2^32 at once are one too many
      ASSERT_TRUE(table.add(chunk));
    });
    drain();
    EXPECT_EQ(table.elements(), 0u);
    EXPECT_EQ(std::count(counts.begin(), counts.end(), 65536u), 65536);
  }
}

}  // namespace
}  // namespace zp::kernels
