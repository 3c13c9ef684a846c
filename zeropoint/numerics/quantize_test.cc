#include "zeropoint/numerics/quantize.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "zeropoint/numerics/test_params.h"

namespace zp {
namespace {

using P = QuantParams;

enum class Tie { kEven, kAway };

// The whole number nearest to v, by comparing distances; v may be infinite.
double nearest_whole(double v, Tie tie) {
  const double below = std::floor(v);
  const double fraction = v - below;
  if (std::isinf(v) || fraction == 0) return v;
  if (fraction != 0.5) return fraction < 0.5 ? below : below + 1;
  if (tie == Tie::kAway) return v > 0 ? below + 1 : below;
  return std::fmod(below, 2) == 0 ? below : below + 1;
}

// One float32 operation done in double, which is wide enough that rounding twice is rounding once.
float divide(float a, float b) { return static_cast<float>(double{a} / double{b}); }
float multiply(float a, float b) { return static_cast<float>(double{a} * double{b}); }
float add(float a, float b) { return static_cast<float>(double{a} + double{b}); }

// The table of conventions in docs/numerics.md, spelled out.
int32_t expected_code(float x, const QuantParams& params, Convention convention) {
  const auto zero_point = static_cast<double>(params.zero_point);
  double low = params.codes().qmin;
  const double high = params.codes().qmax;
  double code = 0;
  switch (convention) {
    case Convention::kOnnx:
      if (std::isnan(x)) return params.codes().qmin;
      code = nearest_whole(double{divide(x, params.scale)}, Tie::kEven) + zero_point;
      break;
    case Convention::kPytorch:
      if (std::isnan(x)) return params.codes().qmin;
      code = nearest_whole(double{multiply(x, divide(1, params.scale))}, Tie::kEven) + zero_point;
      break;
    case Convention::kTflite:
      if (std::isnan(x)) return params.codes().qmin;
      code = nearest_whole(double{divide(x, params.scale)}, Tie::kAway) + zero_point;
      break;
    case Convention::kTensorflow:
      low = params.type.is_signed() ? -high : 1;
      if (std::isnan(x)) return static_cast<int32_t>(low);
      code = nearest_whole(
          double{add(divide(x, params.scale), static_cast<float>(params.zero_point))}, Tie::kAway);
      break;
    case Convention::kTensorrt:
      if (std::isnan(x)) return 0;
      code = nearest_whole(double{divide(x, params.scale)}, Tie::kEven);
      break;
  }
  return static_cast<int32_t>(std::fmin(std::fmax(code, low), high));
}

std::vector<QuantParams> params_of_every_kind(IntType type, Convention convention) {
  std::vector<QuantParams> all;
  for (const NarrowRange narrow : {NarrowRange::kNo, NarrowRange::kYes}) {
    const CodeRange codes = type.codes(narrow);
    for (const int32_t zero_point : {codes.qmin, codes.qmin + 1, type.middle(), codes.qmax}) {
      for (const float scale : {1.0f, 0.1f, 1000.0f / 255, 0x1p-140f, 1e-30f, 3e38f}) {
        const QuantParams params{type, narrow, scale, zero_point};
        if (check(params, convention)) all.push_back(params);
      }
    }
  }
  return all;
}

std::vector<float> interesting_floats(const QuantParams& params, std::mt19937& random) {
  std::vector<float> x{
      0.0f,          -0.0f,          kSmallestFloat, -kSmallestFloat, kSmallestNormal,
      kLargestFloat, -kLargestFloat, kInfinite,      -kInfinite,      kNan,
      -kNan};
  for (int i = 0; i < 300; ++i) {
    x.push_back(std::bit_cast<float>(static_cast<uint32_t>(random())));
  }
  std::uniform_int_distribution<int32_t> code(-3, static_cast<int32_t>(params.codes().steps()) + 3);
  for (int i = 0; i < 300; ++i) {
    const double steps = params.codes().qmin - params.zero_point + code(random) + 0.5;
    const auto tie = static_cast<float>(steps * double{params.scale});
    x.insert(x.end(), {tie, std::nextafter(tie, kInfinite), std::nextafter(tie, -kInfinite)});
  }
  return x;
}

TEST(Quantize, IsTheTableOfConventionsForEveryTypeAroundItsTies) {
  std::mt19937 random(1);
  std::vector<IntType> types = code_types();
  types.push_back(IntType::kInt32);
  for (const Convention convention : kConventions) {
    for (const IntType type : types) {
      if (type == IntType::kInt32 && convention == Convention::kTensorflow) continue;
      for (const QuantParams& params : params_of_every_kind(type, convention)) {
        if (type == IntType::kInt32 && params.zero_point != 0) continue;
        for (const float x : interesting_floats(
                 type == IntType::kInt32 ? P{IntType::kInt16, {}, params.scale, 0} : params,
                 random)) {
          ASSERT_EQ(quantize(x, params, convention), expected_code(x, params, convention))
              << x << " scale " << params.scale << " zero point " << params.zero_point << " "
              << type.name() << " " << name(convention);
        }
      }
    }
  }
}

// By hand: scale 1, where every x.5 is a tie.
TEST(Quantize, TiesGoWhereTheConventionSendsThem) {
  struct Row {
    float x;
    int32_t even, away, summed;
  };
  const P signed_params{IntType::kInt8, {}, 1, 0};
  const P middle{IntType::kUint8, {}, 1, 128};
  // summed: x + 128 rounded half away from zero, which for a sum above 0 is upwards.
  for (const auto& [x, even, away, summed] :
       {Row{-2.5, -2, -3, 126}, Row{-1.5, -2, -2, 127}, Row{-0.5, 0, -1, 128}, Row{0.5, 0, 1, 129},
        Row{1.5, 2, 2, 130}, Row{2.5, 2, 3, 131}}) {
    EXPECT_EQ(quantize(x, signed_params, Convention::kOnnx), even) << x;
    EXPECT_EQ(quantize(x, signed_params, Convention::kPytorch), even) << x;
    EXPECT_EQ(quantize(x, signed_params, Convention::kTensorrt), even) << x;
    EXPECT_EQ(quantize(x, signed_params, Convention::kTflite), away) << x;
    EXPECT_EQ(quantize(x, middle, Convention::kTensorflow), summed) << x;
  }
}

TEST(Quantize, TheZeroPointIsAddedAfterRounding) {
  // x/scale = 0.5 rounds to the even 0, whatever the zero point; 0.5 + 1 would round to 2.
  EXPECT_EQ(quantize(0.5f, P{IntType::kUint8, {}, 1, 1}), 1);
  EXPECT_EQ(quantize(-0.5f, P{IntType::kUint8, {}, 1, 1}, Convention::kTflite), 0);
}

TEST(Quantize, PytorchsReciprocalDiffersFromDivision) {
  // 45.5 / 7 is the tie 6.5, which goes to 6; float32(1/7) lies above 1/7, so the product lies
  // above the tie.
  const P params{IntType::kUint8, {}, 7, 0};
  EXPECT_GT(double{1.0f / 7.0f}, 1.0 / 7.0);
  EXPECT_EQ(quantize(45.5f, params, Convention::kOnnx), 6);
  EXPECT_EQ(quantize(45.5f, params, Convention::kPytorch), 7);
}

TEST(Quantize, NanGivesTheConventionsCode) {
  for (const float nan : {kNan, -kNan, std::bit_cast<float>(0x7f800001u)}) {
    EXPECT_EQ(quantize(nan, P{IntType::kUint8, {}, 1, 7}), 0);
    EXPECT_EQ(quantize(nan, P{IntType::kInt8, {}, 1, 7}), -128);
    EXPECT_EQ(quantize(nan, P{IntType::kInt8, NarrowRange::kYes, 1, 7}), -127);
    EXPECT_EQ(quantize(nan, P{IntType::kInt8, {}, 1, 7}, Convention::kPytorch), -128);
    EXPECT_EQ(quantize(nan, P{IntType::kInt8, {}, 1, 7}, Convention::kTflite), -128);
    EXPECT_EQ(quantize(nan, P{IntType::kUint8, {}, 1, 128}, Convention::kTensorflow), 1);
    EXPECT_EQ(quantize(nan, P{IntType::kInt8, {}, 1, 0}, Convention::kTensorrt), 0);
  }
}

TEST(Quantize, NarrowRangeSaturatesAtItsOwnEnd) {
  const P narrow{IntType::kInt8, NarrowRange::kYes, 1, 0};
  EXPECT_EQ(quantize(-128, narrow), -127);
  EXPECT_EQ(quantize(-kInfinite, narrow), -127);
  EXPECT_EQ(quantize(kInfinite, narrow), 127);
}

TEST(Quantize, BiasesSaturateAtInt32) {
  const P bias{IntType::kInt32, {}, 1, 0};
  EXPECT_EQ(quantize(3e9f, bias), std::numeric_limits<int32_t>::max());
  EXPECT_EQ(quantize(-3e9f, bias), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(quantize(-2147483648.0f, bias), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(quantize(16777216.0f, bias), 16777216);
}

TEST(Dequantize, IsTheFloat32ProductOfTheExactDifference) {
  std::mt19937 random(2);
  for (const IntType type : code_types()) {
    const CodeRange codes = type.codes();
    std::uniform_int_distribution<int32_t> any(codes.qmin, codes.qmax);
    for (int i = 0; i < 500; ++i) {
      const P params{type, {}, std::abs(random_float(random, -60, 60)), any(random)};
      const int32_t code = any(random);
      ASSERT_EQ(dequantize(code, params),
                multiply(static_cast<float>(code - params.zero_point), params.scale));
    }
  }
}

TEST(Dequantize, BiasCodesBeyondFloat32AreRoundedToNearest) {
  EXPECT_EQ(dequantize(16777217, P{IntType::kInt32, {}, 1, 0}), 16777216.0f);
  EXPECT_EQ(dequantize(std::numeric_limits<int32_t>::max(), P{IntType::kInt32, {}, 1, 0}),
            2147483648.0f);
  // The difference of two codes need not fit int32.
  EXPECT_EQ(dequantize(std::numeric_limits<int32_t>::max(),
                       P{IntType::kInt32, {}, 1, std::numeric_limits<int32_t>::min()}),
            4294967296.0f);
}

TEST(Dequantize, AnEndCodeBeyondTheLargestFloatIsInfinite) {
  // Half of 2 * FLT_MAX / 255 beyond the end of the range: the zero point was rounded.
  const auto params =
      choose_params({-double{kLargestFloat}, double{kLargestFloat}}, IntType::kUint8);
  EXPECT_EQ(params->zero_point, 128);
  EXPECT_EQ(dequantize(0, *params), -kInfinite);
  EXPECT_EQ(dequantize(128, *params), 0);
}

TEST(FakeQuantize, IsDequantizeOfQuantize) {
  const P params{IntType::kUint8, {}, 0.5f, 10};
  EXPECT_EQ(fake_quantize(1.2f, params), 1.0f);   // 2.4 steps
  EXPECT_EQ(fake_quantize(-100, params), -5.0f);  // code 0
  EXPECT_EQ(fake_quantize(1000, params), 122.5f);
  EXPECT_EQ(fake_quantize(0.25f, params), 0.0f);
  EXPECT_EQ(fake_quantize(0.25f, params, Convention::kTflite), 0.5f);
}

TEST(QuantizeSpans, AreTheScalarFunctionsElementwise) {
  std::mt19937 random(3);
  for (const Convention convention : kConventions) {
    const P params{IntType::kInt8, {}, 0.1f, 0};
    const std::vector<float> x = interesting_floats(params, random);
    std::vector<int32_t> codes(x.size());
    std::vector<float> y(x.size());
    std::vector<float> fake(x.size());
    ASSERT_TRUE(quantize(x, codes, params, convention));
    ASSERT_TRUE(dequantize(codes, y, params));
    ASSERT_TRUE(fake_quantize(x, fake, params, convention));
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(codes[i], quantize(x[i], params, convention));
      ASSERT_EQ(y[i], dequantize(codes[i], params));
      ASSERT_EQ(fake[i], y[i]);
    }
  }
}

TEST(QuantizeSpans, MayBeEmpty) {
  EXPECT_TRUE(quantize({}, std::span<int32_t>(), P{}));
  EXPECT_TRUE(dequantize({}, std::span<float>(), P{}));
  EXPECT_TRUE(fake_quantize({}, std::span<float>(), P{}));
}

TEST(QuantizeSpans, UnequalLengthsAreRefused) {
  const std::vector<float> x(4);
  std::vector<int32_t> codes(3);
  std::vector<float> y(5);
  EXPECT_EQ(quantize(x, codes, P{}).error().message,
            "quantize: 4 input elements, but room for 3 output elements");
  EXPECT_EQ(dequantize(codes, y, P{}).error().message,
            "dequantize: 3 input elements, but room for 5 output elements");
  EXPECT_EQ(fake_quantize(x, y, P{}).error().message,
            "fake_quantize: 4 input elements, but room for 5 output elements");
}

TEST(QuantizeSpans, ParametersWithoutMeaningAreRefused) {
  const std::vector<float> x(2);
  std::vector<int32_t> codes(2);
  std::vector<float> y(2);
  const P bad{IntType::kUint8, {}, -1, 0};
  const char* message = "scale -1: expected a positive finite number";
  EXPECT_EQ(quantize(x, codes, bad).error().message, message);
  EXPECT_EQ(dequantize(codes, y, bad).error().message, message);
  EXPECT_EQ(fake_quantize(x, y, bad).error().message, message);
  EXPECT_EQ(
      quantize(x, codes, P{IntType::kUint8, {}, 1, 3}, Convention::kTensorflow).error().message,
      "convention tensorflow: expected zero point 128, got 3");
}

TEST(QuantizeSpans, ACodeOutsideTheTypeIsRefusedWithItsIndex) {
  const std::vector<int32_t> codes{0, 15, 16};
  std::vector<float> y(3);
  EXPECT_EQ(dequantize(codes, y, P{IntType::kUint4, {}, 1, 0}).error().message,
            "dequantize: code 16 at index 2 is not one of uint4");
  EXPECT_EQ(dequantize(codes, y, P{IntType::kInt4, {}, 1, 0}).error().message,
            "dequantize: code 15 at index 1 is not one of int4");
  // The code that a narrow range leaves out can still be in a file.
  const std::vector<int32_t> lowest{-128};
  EXPECT_TRUE(
      dequantize(lowest, std::span(y).first(1), P{IntType::kInt8, NarrowRange::kYes, 1, 0}));
}

}  // namespace
}  // namespace zp
