#include "zeropoint/kernels/min_max.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#ifdef __SSE__
#include <xmmintrin.h>
#endif

#include "zeropoint/kernels/test_samples.h"
#include "zeropoint/kernels/test_targets.h"

namespace zp::kernels {
namespace {

class MinMaxKernel : public OnEachTarget {};
INSTANTIATE_ON_EACH_TARGET(MinMaxKernel);

MinMax by_definition(std::span<const float> x) {
  MinMax result;
  for (const float value : x) result.add(value);
  return result;
}

// Bits, so that -0 is told from +0.
void expect_same(const MinMax& a, const MinMax& b) {
  EXPECT_EQ(a, b);
  EXPECT_EQ(std::bit_cast<uint32_t>(a.min), std::bit_cast<uint32_t>(b.min));
  EXPECT_EQ(std::bit_cast<uint32_t>(a.max), std::bit_cast<uint32_t>(b.max));
}

// The definition itself, in terms of the C library.
TEST(MinMaxDefinition, CountsEachKindAndTakesTheExtremesOfTheFinite) {
  auto x = stratified_floats(2);
  std::shuffle(x.begin(), x.end(), std::mt19937(3));
  MinMax expected;
  expected.count = x.size();
  for (const float value : x) {
    expected.nan += std::isnan(value);
    expected.positive_infinity += std::isinf(value) && !std::signbit(value);
    expected.negative_infinity += std::isinf(value) && std::signbit(value);
    expected.zeros += value == 0;
    expected.negative_zeros += value == 0 && std::signbit(value);
    if (!std::isfinite(value)) continue;
    expected.min = std::min(expected.min, value);
    expected.max = std::max(expected.max, value);
    if (value != 0) {
      expected.smallest_magnitude = std::min(expected.smallest_magnitude, std::abs(value));
    }
  }
  EXPECT_EQ(by_definition(x), expected);
}

TEST_P(MinMaxKernel, EqualsTheDefinitionOnEveryExponent) {
  auto x = stratified_floats(1);
  ASSERT_GE(x.size(), size_t{1} << 22);
  std::shuffle(x.begin(), x.end(), std::mt19937(1));
  expect_same(min_max(x), by_definition(x));
}

TEST_P(MinMaxKernel, EqualsTheDefinitionInEveryWindow) {
  // Stretches of every exponent alone, so that every kind of number is the extreme one somewhere.
  const auto x = stratified_floats(4);
  std::mt19937 random(5);
  for (size_t begin = 0; begin < x.size();) {
    const size_t count = std::min<size_t>(1 + random() % 5000, x.size() - begin);
    const auto window = std::span(x).subspan(begin, count);
    expect_same(min_max(window), by_definition(window));
    begin += count;
  }
}

TEST_P(MinMaxKernel, EqualsTheDefinitionForEveryTailAndMisalignment) {
  std::mt19937 random(6);
  std::vector<float> x(600);
  for (float& value : x) {
    value = std::bit_cast<float>(static_cast<uint32_t>(random()));
    if (random() % 8 == 0) value = random() % 2 == 0 ? 0.0f : -0.0f;
  }
  for (size_t begin = 0; begin < 17; ++begin) {
    for (size_t count = 0; count <= 400; ++count) {
      const auto part = std::span(x).subspan(begin, count);
      expect_same(min_max(part), by_definition(part));
    }
  }
}

TEST_P(MinMaxKernel, AZeroExtremeIsPlusZeroWhateverTheOrder) {
  for (const size_t count : {size_t{2}, size_t{64}, size_t{3000}}) {
    std::vector<float> x(count, -0.0f);
    x.back() = 0.0f;
    for (int i = 0; i < 2; ++i) {
      const MinMax result = min_max(x);
      EXPECT_EQ(std::bit_cast<uint32_t>(result.min), 0u);
      EXPECT_EQ(std::bit_cast<uint32_t>(result.max), 0u);
      EXPECT_EQ(result.zeros, count);
      EXPECT_EQ(result.negative_zeros, count - 1);
      EXPECT_EQ(result.smallest_magnitude, MinMax::kNone);
      std::reverse(x.begin(), x.end());
    }
  }
  EXPECT_EQ(std::bit_cast<uint32_t>(min_max(std::vector<float>(100, -0.0f)).max), 0u);
}

#ifdef __SSE__
TEST_P(MinMaxKernel, IsTheSameWhereSubnormalsAreFlushed) {
  const auto x = stratified_floats(9);
  for (const auto& part : {std::span(x).first(50000), std::span(x).subspan(x.size() / 2, 8000)}) {
    const MinMax expected = by_definition(part);
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040);  // flush to zero, denormals are zero
    const MinMax result = min_max(part);
    const MinMax defined = by_definition(part);
    _mm_setcsr(before);
    expect_same(result, expected);
    expect_same(defined, expected);
  }
}
#endif

TEST_P(MinMaxKernel, NothingFiniteLeavesNoExtremes) {
  std::vector<float> x(2000, std::numeric_limits<float>::quiet_NaN());
  x[7] = -MinMax::kNone;
  x[1999] = MinMax::kNone;
  const MinMax result = min_max(x);
  EXPECT_EQ(result.finite(), 0u);
  EXPECT_EQ(result.nan, 1998u);
  EXPECT_EQ(result.min, MinMax::kNone);
  EXPECT_EQ(result.max, -MinMax::kNone);
}

TEST_P(MinMaxKernel, MergingPartsEqualsTheWhole) {
  const auto x = stratified_floats(8);
  const MinMax whole = min_max(x);
  std::mt19937 random(9);
  std::vector<MinMax> parts;
  for (size_t begin = 0; begin < x.size();) {
    const size_t count = std::min<size_t>(random() % 200000, x.size() - begin);
    parts.push_back(min_max(std::span(x).subspan(begin, count)));
    begin += count;
  }
  std::shuffle(parts.begin(), parts.end(), random);
  MinMax merged;
  for (const MinMax& part : parts) merged.merge(part);
  expect_same(merged, whole);
}

}  // namespace
}  // namespace zp::kernels
