// What quantization parameters may be, and those of biases.
#include <gtest/gtest.h>

#include "zeropoint/numerics/params.h"
#include "zeropoint/numerics/test_params.h"

namespace zp {
namespace {

TEST(CheckParams, RefuseWhatHasNoMeaning) {
  const auto message = [](const QuantParams& params) {
    const Status status = check(params);
    return status ? "accepted" : status.error().message;
  };
  using P = QuantParams;
  EXPECT_EQ(message(P{}), "accepted");
  EXPECT_EQ(message(P{IntType::kUint8, {}, 0, 0}), "scale 0: expected a positive finite number");
  EXPECT_EQ(message(P{IntType::kUint8, {}, -2, 0}), "scale -2: expected a positive finite number");
  EXPECT_EQ(message(P{IntType::kUint8, {}, kNan, 0}),
            "scale nan: expected a positive finite number");
  EXPECT_EQ(message(P{IntType::kUint8, {}, kInfinite, 0}),
            "scale inf: expected a positive finite number");
  EXPECT_EQ(message(P{IntType::kUint8, {}, 1, -1}),
            "zero point -1: expected a code of uint8 in [0, 255]");
  EXPECT_EQ(message(P{IntType::kInt8, NarrowRange::kYes, 1, -128}),
            "zero point -128: expected a code of int8 in [-127, 127]");
  EXPECT_EQ(message(P{IntType::kInt8, {}, kSmallestFloat, 0}), "accepted");
}

TEST(CheckParams, ConventionsAddTheirOwnConditions) {
  const auto message = [](const QuantParams& params, Convention convention) {
    const Status status = check(params, convention);
    return status ? "accepted" : status.error().message;
  };
  using P = QuantParams;
  const P tiny{IntType::kInt8, {}, 1e-39f, 0};
  EXPECT_EQ(message(tiny, Convention::kPytorch),
            "scale 1e-39: convention pytorch multiplies by 1/scale, which is not finite");
  EXPECT_EQ(message(tiny, Convention::kOnnx), "accepted");
  EXPECT_EQ(message(P{IntType::kInt8, {}, 1, 1}, Convention::kTensorrt),
            "convention tensorrt: expected a signed type with zero point 0, got int8 with 1");
  EXPECT_EQ(message(P{IntType::kUint8, {}, 1, 0}, Convention::kTensorrt),
            "convention tensorrt: expected a signed type with zero point 0, got uint8 with 0");
  EXPECT_EQ(message(P{IntType::kUint8, {}, 1, 0}, Convention::kTensorflow),
            "convention tensorflow: expected zero point 128, got 0");
  EXPECT_EQ(message(P{IntType::kUint8, {}, 0, 128}, Convention::kTensorflow),
            "scale 0: expected a positive finite number");
}

TEST(CodeRangeOf, TensorflowIsNarrowWhateverTheParamsSay) {
  const QuantParams full{IntType::kUint8, NarrowRange::kNo, 1, 128};
  EXPECT_EQ(code_range(full, Convention::kTensorflow), (CodeRange{1, 255}));
  EXPECT_EQ(code_range(full, Convention::kOnnx), (CodeRange{0, 255}));
  EXPECT_EQ(code_range({IntType::kInt8, NarrowRange::kYes, 1, 0}, Convention::kTensorrt),
            (CodeRange{-127, 127}));
}

TEST(BiasParams, ScaleIsTheFloat32Product) {
  std::mt19937 random(4);
  for (int i = 0; i < 10000; ++i) {
    const float a = std::abs(random_float(random, -40, 40));
    const float b = std::abs(random_float(random, -40, 40));
    // Exact in double, then rounded once.
    const auto product = static_cast<float>(double{a} * double{b});
    ASSERT_EQ(bias_params(a, b), (QuantParams{IntType::kInt32, NarrowRange::kNo, product, 0}));
  }
}

TEST(BiasParams, RefusesWhatIsNotPositiveAndFinite) {
  const auto message = [](float a, float b) {
    const auto params = bias_params(a, b);
    return params ? "accepted" : params.error().message;
  };
  EXPECT_EQ(message(-1, -2),
            "bias: input scale -1 times weight scale -2 is 2: expected positive finite numbers");
  EXPECT_EQ(message(0, 1),
            "bias: input scale 0 times weight scale 1 is 0: expected positive finite numbers");
  EXPECT_EQ(message(1e-30f, 1e-30f),
            "bias: input scale 1e-30 times weight scale 1e-30 is 0: expected positive finite "
            "numbers");
  EXPECT_EQ(message(1e30f, 1e30f),
            "bias: input scale 1e+30 times weight scale 1e+30 is inf: expected positive finite "
            "numbers");
  EXPECT_NE(message(kNan, 1), "accepted");
}

}  // namespace
}  // namespace zp
