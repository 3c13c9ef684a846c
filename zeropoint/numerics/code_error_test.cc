#include "zeropoint/numerics/code_error.h"

#include <gtest/gtest.h>

#include <cmath>

#include "zeropoint/numerics/quantize.h"
#include "zeropoint/numerics/test_params.h"

namespace zp {
namespace {

using P = QuantParams;

TEST(WastedSteps, AreThoseOutsideTheCodesOfTheData) {
  const P params{IntType::kUint8, {}, 4, 5};  // holds [-20, 1000]
  const WastedSteps none = wasted_steps({-20, 1000}, params);
  EXPECT_EQ(none.below, 0);
  EXPECT_EQ(none.above, 0);
  EXPECT_EQ(none.fraction(), 0);
  // 100 -> 30, 600 -> 155: 30 steps below, 100 above, of 255.
  const WastedSteps some = wasted_steps({100, 600}, params);
  EXPECT_EQ(some.below, 30);
  EXPECT_EQ(some.above, 100);
  EXPECT_EQ(some.total, 255);
  EXPECT_EQ(some.fraction(), 130.0 / 255);
}

TEST(WastedSteps, AllButNoneOfTheStepsWhereTheDataIsOnePoint) {
  const WastedSteps wasted = wasted_steps({0, 0}, P{IntType::kInt8, {}, 1, 0});
  EXPECT_EQ(wasted.below, 128);
  EXPECT_EQ(wasted.above, 127);
  EXPECT_EQ(wasted.fraction(), 1);
}

TEST(WastedSteps, CountOverTheConventionsCodes) {
  // tensorflow has 254 steps around 128; 50 -> 178.
  const WastedSteps wasted =
      wasted_steps({0, 50}, P{IntType::kUint8, {}, 1, 128}, Convention::kTensorflow);
  EXPECT_EQ(wasted.below, 127);
  EXPECT_EQ(wasted.above, 77);
  EXPECT_EQ(wasted.total, 254);
}

TEST(WastedSteps, OfSymmetricCodesOnDataAfterReluAreHalf) {
  ParamOptions symmetric{Convention::kOnnx, Scheme::kSymmetric, NarrowRange::kYes, {}, {}};
  const auto params = choose_params({0, 6}, IntType::kInt8, symmetric);
  EXPECT_EQ(wasted_steps({0, 6}, *params).fraction(), 0.5);
}

TEST(LargestError, IsHalfAStepInsideTheRange) {
  EXPECT_EQ(largest_error({-20, 1000}, P{IntType::kUint8, {}, 4, 5}), 2);
  // As soon as two codes are met, the point midway between them is.
  EXPECT_EQ(largest_error({0, 2.5}, P{IntType::kUint8, {}, 4, 5}), 2);
}

TEST(LargestError, IsThatOfTheEndsWithinOneCode) {
  EXPECT_EQ(largest_error({0.5, 1.5}, P{IntType::kUint8, {}, 4, 5}), 1.5);
  EXPECT_EQ(largest_error({8, 8}, P{IntType::kUint8, {}, 4, 5}), 0);
}

TEST(LargestError, IsWhatIsCutOffWhereTheRangeIsTooSmall) {
  EXPECT_EQ(largest_error({-20, 1100}, P{IntType::kUint8, {}, 4, 5}), 100);
  EXPECT_EQ(largest_error({-120, 1000}, P{IntType::kUint8, {}, 4, 5}), 100);
  EXPECT_EQ(largest_error({2000, 2004}, P{IntType::kUint8, {}, 4, 5}), 1004);
}

TEST(LargestError, OfTensorflowsOlderFormIsTheHalfStepCutOff) {
  ParamOptions options{Convention::kTensorflow, Scheme::kSymmetric, {}, {}, {}};
  const auto params = choose_params({-1000, 1000}, IntType::kUint8, options);
  // 1000 - 127 * 2000/255
  EXPECT_NEAR(largest_error({-1000, 1000}, *params, Convention::kTensorflow), 3.921569, 1e-4);
}

// The bound is met by the worst of many points and passed by none.
TEST(LargestError, IsReachedAndNeverPassed) {
  std::mt19937 random(1);
  for (const Convention convention : kConventions) {
    for (int i = 0; i < 100; ++i) {
      ParamOptions options{convention, default_scheme(convention), {}, {}, {}};
      const Range data = random_range(random, -3, 3);
      const Range chosen{data.min * 0.9, data.max * 0.9};  // so that ends may be cut off
      const auto params = choose_params(chosen, IntType::kInt4, options);
      ASSERT_TRUE(params) << params.error().message;
      const double bound = largest_error(data, *params, convention);
      double worst = 0;
      constexpr int kPoints = 20000;
      for (int p = 0; p <= kPoints; ++p) {
        const double t = static_cast<double>(p) / kPoints;
        const auto x = static_cast<float>(data.min * (1 - t) + data.max * t);
        worst =
            std::max(worst, std::abs(double{x} - double{fake_quantize(x, *params, convention)}));
      }
      ASSERT_LE(worst, bound * (1 + 1e-5));
      ASSERT_GE(worst, bound - data.width() / kPoints - bound * 1e-5);
    }
  }
}

}  // namespace
}  // namespace zp
