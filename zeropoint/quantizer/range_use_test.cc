#include "zeropoint/quantizer/range_use.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace zp {
namespace {

Observer observer_of(const std::vector<float>& values) {
  Observer observer;
  EXPECT_TRUE(observer.observe(values));
  return observer;
}

// Codes of -1 to 1.55 in steps of 0.01.
constexpr QuantParams kParams{.type = IntType::kUint8, .scale = 0.01F, .zero_point = 100};

TEST(RangeUse, IsFullWhereTheValuesReachBothEnds) {
  const RangeUse use = range_use(observer_of({-1, 0, 1.55F}), kParams);
  EXPECT_NEAR(use.covered, 1, 1e-6);
  EXPECT_NEAR(use.covered_by_most, 1, 1e-6);
  EXPECT_EQ(use.saturated, 0);
}

TEST(RangeUse, AFewOutliersCoverTheRangeForNobody) {
  std::vector<float> values(10000, 0.0F);
  for (size_t i = 0; i < values.size(); ++i) values[i] = 0.0255F * static_cast<float>(i % 11);
  values[17] = 1.55F;
  values[18] = -1;
  const RangeUse use = range_use(observer_of(values), kParams);
  EXPECT_NEAR(use.covered, 1, 1e-6);
  // 0 to 0.255 of 2.55.
  EXPECT_NEAR(use.covered_by_most, 0.1, 1e-4);
  EXPECT_EQ(use.saturated, 0);
}

TEST(RangeUse, CountsWhatLiesMoreThanHalfAStepOutside) {
  // 1.554 still rounds to the last code; 1.556 and -3 do not.
  const RangeUse use = range_use(observer_of({1.554F, 0, 0.5F, 1.556F, -3}), kParams);
  EXPECT_NEAR(use.saturated, 2.0 / 5, 1e-12);
  EXPECT_NEAR(use.covered, 1, 1e-6);
}

TEST(RangeUse, WhatTheReadersMapToZeroIsNotLost) {
  const Observer observer = observer_of({-9, -5, -1.5F, 0, 7});
  // Readers that give 0 below -2: -9 and -5 do not count, -1.5 and 7 do.
  const RangeUse use = range_use(observer, kParams, -2);
  EXPECT_NEAR(use.flattened, 2.0 / 5, 1e-12);
  EXPECT_NEAR(use.saturated, 2.0 / 5, 1e-12);
  EXPECT_EQ(range_use(observer, kParams).flattened, 0);
  EXPECT_NEAR(range_use(observer, kParams).saturated, 4.0 / 5, 1e-12);
}

TEST(RangeUse, OfNothingIsZero) {
  const RangeUse use = range_use(observer_of({std::numeric_limits<float>::quiet_NaN()}), kParams);
  EXPECT_EQ(use.covered, 0);
  EXPECT_EQ(use.covered_by_most, 0);
  EXPECT_EQ(use.saturated, 0);
}

}  // namespace
}  // namespace zp
