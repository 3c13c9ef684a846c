// The worked examples of docs/numerics.md, each recomputable by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "zeropoint/numerics/code_error.h"
#include "zeropoint/numerics/params.h"
#include "zeropoint/numerics/quantize.h"

namespace zp {
namespace {

struct Map {
  float x;
  int32_t code;
};

void expect_maps(const QuantParams& params, Convention convention, const std::vector<Map>& maps) {
  for (const auto& [x, code] : maps) EXPECT_EQ(quantize(x, params, convention), code) << x;
}

TEST(WorkedExample, OneSidedRangeHasItsTieInTheMiddle) {
  ParamOptions options;
  options.scheme = Scheme::kOneSided;
  const auto params = choose_params({0, 1000}, IntType::kUint8, options);
  ASSERT_TRUE(params) << params.error().message;
  EXPECT_NEAR(params->scale, 3.921569, 5e-7);
  EXPECT_EQ(params->scale, static_cast<float>(1000.0 / 255));
  EXPECT_EQ(params->zero_point, 0);
  // 500 / float32(1000/255) rounds to 127.5 in float32, the tie; in double it stays below.
  EXPECT_EQ(500.0f / params->scale, 127.5f);
  EXPECT_NEAR(500.0 / double{params->scale}, 127.49999985, 1e-8);
  expect_maps(*params, Convention::kOnnx, {{0, 0}, {500, 128}, {1000, 255}});
}

TEST(WorkedExample, AffineUnsignedAndSignedDifferByTheShiftOfCodes) {
  const auto unsigned_params = choose_params({-20, 1000}, IntType::kUint8);
  const auto signed_params = choose_params({-20, 1000}, IntType::kInt8);
  ASSERT_TRUE(unsigned_params && signed_params);
  EXPECT_EQ(*unsigned_params, (QuantParams{IntType::kUint8, NarrowRange::kNo, 4, 5}));
  EXPECT_EQ(*signed_params, (QuantParams{IntType::kInt8, NarrowRange::kNo, 4, -123}));
  expect_maps(*unsigned_params, Convention::kOnnx, {{-20, 0}, {0, 5}, {1000, 255}});
  expect_maps(*signed_params, Convention::kOnnx, {{-20, -128}, {0, -123}, {1000, 127}});
}

TEST(WorkedExample, ARangeAboveZeroIsWidenedAndWastesTheStepsBelowIt) {
  const auto params = choose_params({40, 1000}, IntType::kUint8);
  ASSERT_TRUE(params);
  EXPECT_EQ(params->scale, static_cast<float>(1000.0 / 255));
  EXPECT_EQ(params->zero_point, 0);
  expect_maps(*params, Convention::kOnnx, {{40, 10}});
  const WastedSteps wasted = wasted_steps({40, 1000}, *params);
  EXPECT_EQ(wasted.below, 10);
  EXPECT_EQ(wasted.above, 0);
  EXPECT_EQ(wasted.total, 255);
  EXPECT_NEAR(100 * wasted.fraction(), 3.92, 0.005);
}

TEST(WorkedExample, SymmetricNarrowAround128HasBothEndsExact) {
  ParamOptions options;
  options.scheme = Scheme::kSymmetric;
  options.narrow = NarrowRange::kYes;
  const auto params = choose_params({-1000, 1000}, IntType::kUint8, options);
  ASSERT_TRUE(params);
  EXPECT_NEAR(params->scale, 7.874016, 5e-7);
  EXPECT_EQ(params->zero_point, 128);
  expect_maps(*params, Convention::kOnnx, {{39.215686f, 133}, {1000, 255}, {-1000, 1}});
  EXPECT_EQ(dequantize(255, *params), 1000);
  EXPECT_EQ(dequantize(1, *params), -1000);
}

// As published in the answer to the question "Tensorflow quantization - what does zero point mean".
TEST(WorkedExample, TensorflowsOlderFormHasStepsOverTheFullRangeAndCodesOverTheNarrowOne) {
  ParamOptions options;
  options.convention = Convention::kTensorflow;
  options.scheme = Scheme::kSymmetric;
  const auto params = choose_params({-1000, 1000}, IntType::kUint8, options);
  ASSERT_TRUE(params);
  EXPECT_NEAR(params->scale, 7.843137255, 5e-7);
  EXPECT_EQ(params->scale, static_cast<float>(2000.0 / 255));
  EXPECT_EQ(params->zero_point, 128);
  expect_maps(*params, Convention::kTensorflow,
              {{39.215686f, 133}, {0, 128}, {1000, 255}, {-1000, 1}});
  // The published way back, 1000, does not follow from its formula: (255 - 128) * 2000/255.
  EXPECT_NEAR(dequantize(255, *params), 996.08, 0.005);
}

TEST(WorkedExample, TwoBitsHoldFourWholeNumbers) {
  const auto params = choose_params({-1, 2}, IntType::kUint2);
  ASSERT_TRUE(params);
  EXPECT_EQ(*params, (QuantParams{IntType::kUint2, NarrowRange::kNo, 1, 1}));
  expect_maps(*params, Convention::kOnnx, {{-1, 0}, {0, 1}, {1, 2}, {2, 3}});
}

TEST(WorkedExample, ThreeBitsHaveSevenAffineStepsButSixSymmetricNarrowOnes) {
  const IntType int3 = *IntType::make(3, Signedness::kSigned);
  ParamOptions narrow;
  narrow.scheme = Scheme::kSymmetric;
  narrow.narrow = NarrowRange::kYes;
  const auto affine = choose_params({-21, 21}, int3);
  const auto symmetric = choose_params({-21, 21}, int3, narrow);
  ASSERT_TRUE(affine && symmetric);
  EXPECT_EQ(affine->scale, 6);     // 42 / 7
  EXPECT_EQ(symmetric->scale, 7);  // 42 / 6
  // -4 + 21/6 = -0.5, a tie that goes to the even 0.
  EXPECT_EQ(affine->zero_point, 0);
  EXPECT_EQ(symmetric->zero_point, 0);
}

TEST(WorkedExample, SymmetricFullRangeDividesTwiceTheMagnitudeBy255) {
  ParamOptions options;
  options.scheme = Scheme::kSymmetric;
  for (const IntType type : {IntType::kInt8, IntType::kUint8}) {
    const auto params = choose_params({-300, 510}, type, options);
    ASSERT_TRUE(params);
    EXPECT_EQ(params->scale, 4);  // 2 * 510 / 255
    EXPECT_EQ(params->zero_point, type.is_signed() ? 0 : 128);
  }
}

TEST(WorkedExample, SymmetricNarrowAndTensorrtDivideTheMagnitudeBy127) {
  ParamOptions narrow{Convention::kOnnx, Scheme::kSymmetric, NarrowRange::kYes, {}, {}};
  ParamOptions tensorrt{Convention::kTensorrt, Scheme::kSymmetric, NarrowRange::kNo, {}, {}};
  EXPECT_EQ(choose_params({-508, 100}, IntType::kInt8, narrow)->scale, 4);  // 508 / 127
  EXPECT_EQ(choose_params({-508, 100}, IntType::kUint8, narrow)->scale, 4);
  const auto params = choose_params({-508, 100}, IntType::kInt8, tensorrt);
  EXPECT_EQ(params->scale, 4);
  // Its codes keep the lowest one.
  EXPECT_EQ(quantize(-512, *params, Convention::kTensorrt), -128);
}

// scale = (alpha - beta) / (2^b - 1) is real units a step, so the zero point divides beta by it; a
// product, as is also found in print, would leave the codes.
TEST(WorkedExample, TheSignedZeroPointDividesByTheScale) {
  const double beta = -20;
  const double alpha = 1000;
  const double scale = (alpha - beta) / (std::exp2(8) - 1);
  const double zero_point = -std::round(beta / scale) - std::exp2(7);
  EXPECT_EQ(zero_point, -123);
  EXPECT_EQ(choose_params({beta, alpha}, IntType::kInt8)->zero_point, zero_point);
}

// ONNX's own Python reference casts 3e9 to int32 and wraps; ONNX Runtime saturates.
TEST(WorkedExample, ValuesBeyondInt32Saturate) {
  const QuantParams params{IntType::kUint8, NarrowRange::kNo, 1, 0};
  expect_maps(params, Convention::kOnnx, {{3e9f, 255}, {-3e9f, 0}, {3e38f, 255}, {-3e38f, 0}});
}

}  // namespace
}  // namespace zp
