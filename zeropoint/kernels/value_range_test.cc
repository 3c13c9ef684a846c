#include "zeropoint/kernels/value_range.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "zeropoint/kernels/test_samples.h"
#include "zeropoint/kernels/test_targets.h"

namespace zp::kernels {
namespace {

class ValueRangeKernel : public OnEachTarget {};
INSTANTIATE_ON_EACH_TARGET(ValueRangeKernel);

ValueRange by_definition(std::span<const float> x) {
  MinMax result;
  for (const float value : x) result.add(value);
  return ValueRange::of(result);
}

// Bits, so that -0 is told from +0.
void expect_same(const ValueRange& a, const ValueRange& b) {
  EXPECT_EQ(a, b);
  EXPECT_EQ(std::bit_cast<uint32_t>(a.min), std::bit_cast<uint32_t>(b.min));
  EXPECT_EQ(std::bit_cast<uint32_t>(a.max), std::bit_cast<uint32_t>(b.max));
}

TEST_P(ValueRangeKernel, EqualsTheDefinitionOnEveryExponent) {
  const auto x = stratified_floats(1);
  expect_same(value_range(x), by_definition(x));
}

TEST_P(ValueRangeKernel, EqualsTheDefinitionForEveryLengthAndMixOfKinds) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<std::vector<float>> kinds{{1, 2.5F},
                                              {-1, -2.5F},
                                              {0.0F},
                                              {-0.0F},
                                              {0.0F, -0.0F},
                                              {0.0F, 3},
                                              {-0.0F, 3},
                                              {0.0F, -3},
                                              {-0.0F, -3},
                                              {-1, 0.0F, 1},
                                              {-1, 1e-40F},
                                              {-1e-40F, 1},
                                              {kInfinity, 2},
                                              {-kInfinity, -2},
                                              {std::nanf(""), 4, -4},
                                              {-2, 7, 0.5F},
                                              {kInfinity},
                                              {std::nanf("")},
                                              {-kInfinity, kInfinity}};
  std::mt19937 random(2);
  for (const auto& kind : kinds) {
    for (size_t count = 0; count < 140; ++count) {
      std::vector<float> x(count);
      for (float& value : x) value = kind[random() % kind.size()];
      SCOPED_TRACE(testing::Message() << kind[0] << " and others, " << count);
      expect_same(value_range(x), by_definition(x));
    }
  }
}

TEST_P(ValueRangeKernel, FindsTheOnlyOneOfItsKindInALongSpan) {
  std::vector<float> x(50000, 1.0F);
  for (const size_t place : {0, 1, 16383, 16384, 30007, 49999}) {
    for (const float value :
         {2.0F, -2.0F, 0.0F, -0.0F, std::nanf(""), std::numeric_limits<float>::infinity()}) {
      x[place] = value;
      expect_same(value_range(x), by_definition(x));
      x[place] = 1;
    }
  }
}

TEST(ValueRange, MergesInAnyOrder) {
  const auto x = stratified_floats(3);
  ValueRange forwards, backwards;
  std::vector<ValueRange> parts;
  for (size_t i = 0; i < x.size(); i += 99991) {
    parts.push_back(value_range(std::span(x).subspan(i, std::min<size_t>(99991, x.size() - i))));
  }
  for (const auto& part : parts) forwards.merge(part);
  std::reverse(parts.begin(), parts.end());
  for (const auto& part : parts) backwards.merge(part);
  expect_same(forwards, backwards);
  expect_same(forwards, value_range(x));
}

}  // namespace
}  // namespace zp::kernels
