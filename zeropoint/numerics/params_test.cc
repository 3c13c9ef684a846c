#include "zeropoint/numerics/params.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <optional>

#include "zeropoint/numerics/test_params.h"

namespace zp {
namespace {

ParamOptions with(Convention convention, Scheme scheme = Scheme::kAffine,
                  NarrowRange narrow = NarrowRange::kNo) {
  return {convention, scheme, narrow, ScaleForm::kAny, {}};
}

ParamOptions with_zero_point(int32_t zero_point, Scheme scheme = Scheme::kAffine,
                             NarrowRange narrow = NarrowRange::kNo) {
  return {Convention::kOnnx, scheme, narrow, ScaleForm::kAny, zero_point};
}

constexpr ParamOptions kSymmetric{Convention::kOnnx, Scheme::kSymmetric, {}, {}, {}};
constexpr ParamOptions kSymmetricNarrow{
    Convention::kOnnx, Scheme::kSymmetric, NarrowRange::kYes, {}, {}};
constexpr ParamOptions kOneSided{Convention::kOnnx, Scheme::kOneSided, {}, {}, {}};
constexpr ParamOptions kPowerOfTwo{
    Convention::kOnnx, Scheme::kAffine, NarrowRange::kNo, ScaleForm::kPowerOfTwo, {}};

int32_t zero_point_of(Range range, IntType type, const ParamOptions& options) {
  const auto params = choose_params(range, type, options);
  return params ? params->zero_point : std::numeric_limits<int32_t>::min();
}

// The scale in extended precision from the formulas of docs/numerics.md.
long double expected_scale(Range range, IntType type, const ParamOptions& options) {
  const long double min = std::min(range.min, 0.0);
  const long double max = std::max(range.max, 0.0);
  const long double a = std::max(-min, max);
  const long double qmax = type.codes().qmax;
  const long double all = std::exp2(static_cast<long double>(type.bits())) - 1;
  const long double steps = options.narrow == NarrowRange::kYes ? all - 1 : all;
  long double scale = 0;
  if (options.scheme == Scheme::kOneSided) {
    scale = max / qmax;
  } else if (options.convention == Convention::kTensorrt) {
    scale = a / qmax;
  } else if (options.convention == Convention::kTensorflow) {
    scale = 2 * a / all;
  } else if (options.scheme == Scheme::kSymmetric) {
    scale = 2 * a / steps;
  } else if (options.zero_point) {
    const long double qmin = type.codes(options.narrow).qmin;
    scale = std::max(-min / (*options.zero_point - qmin), max / (qmax - *options.zero_point));
  } else {
    scale = (max - min) / steps;
  }
  if (options.convention == Convention::kPytorch) {
    scale = std::max<long double>(scale, FLT_EPSILON);
  }
  if (options.scale_form == ScaleForm::kPowerOfTwo) scale = std::exp2(std::ceil(std::log2(scale)));
  return scale;
}

TEST(ChooseParams, TheScaleIsThatOfTheFormulaToARounding) {
  std::mt19937 random(1);
  for (const IntType type : code_types()) {
    for (const ParamOptions& options : options_for(type)) {
      for (int i = 0; i < 20; ++i) {
        Range range = random_range(random);
        if (options.scheme == Scheme::kOneSided) range = {0, range.magnitude()};
        const auto params = choose_params(range, type, options);
        ASSERT_TRUE(params) << params.error().message;
        const long double expected = expected_scale(range, type, options);
        // One rounding to float32; pytorch's float32 arithmetic has two, the width and the
        // quotient, and near a power of two that is a factor of 2 (the range is widened past it or
        // not).
        const bool pytorch = options.convention == Convention::kPytorch;
        const long double tolerance = (pytorch ? 0x1p-23L : 0x1.00001p-24L) * expected;
        const long double difference = std::abs(params->scale - expected);
        const bool doubled = pytorch && options.scale_form == ScaleForm::kPowerOfTwo &&
                             (params->scale == 2 * expected || 2 * params->scale == expected);
        ASSERT_TRUE(difference <= tolerance || doubled)
            << params->scale << " for " << static_cast<double>(expected) << " "
            << describe(range, type, options);
      }
    }
  }
}

TEST(ChooseParams, TheAffineZeroPointIsTheRoundedCodeOfZero) {
  std::mt19937 random(2);
  for (const IntType type : code_types()) {
    for (const Convention convention :
         {Convention::kOnnx, Convention::kPytorch, Convention::kTflite}) {
      for (const NarrowRange narrow : {NarrowRange::kNo, NarrowRange::kYes}) {
        const ParamOptions options = with(convention, Scheme::kAffine, narrow);
        for (int i = 0; i < 50; ++i) {
          const Range range = random_range(random, -20, 20);
          const auto params = choose_params(range, type, options);
          ASSERT_TRUE(params) << params.error().message;
          const long double scale = expected_scale(range, type, options);
          const long double exact =
              type.codes(narrow).qmin - std::min<long double>(range.min, 0) / scale;
          // Half a step, and what float32's quotients may differ by from exact ones (pytorch).
          const long double slack = convention == Convention::kPytorch ? 0x1p-6L : 1e-9L;
          ASSERT_LE(std::abs(params->zero_point - exact), 0.5L + slack)
              << describe(range, type, options);
        }
      }
    }
  }
}

// What PyTorch's documentation of MinMaxObserver states, in float32 throughout.
TEST(ChooseParams, PytorchIsItsObserversFormulasInFloat32) {
  std::mt19937 random(3);
  for (const IntType type : {IntType::kUint8, IntType::kInt8, IntType::kInt16, IntType::kUint4}) {
    for (const NarrowRange narrow : {NarrowRange::kNo, NarrowRange::kYes}) {
      const CodeRange codes = type.codes(narrow);
      for (int i = 0; i < 2000; ++i) {
        const Range range = random_range(random, -30, 30);
        const float min = std::fmin(static_cast<float>(range.min), 0.0f);
        const float max = std::fmax(static_cast<float>(range.max), 0.0f);
        const auto steps = static_cast<float>(codes.qmax - codes.qmin);

        float scale = std::fmax((max - min) / steps, FLT_EPSILON);
        const float zero_point =
            std::fmin(std::fmax(static_cast<float>(codes.qmin) - std::rint(min / scale),
                                static_cast<float>(codes.qmin)),
                      static_cast<float>(codes.qmax));
        const auto affine =
            choose_params(range, type, with(Convention::kPytorch, Scheme::kAffine, narrow));
        ASSERT_EQ(affine->scale, scale);
        ASSERT_EQ(affine->zero_point, static_cast<int32_t>(zero_point));

        scale = std::fmax(std::fmax(-min, max) / (steps / 2), FLT_EPSILON);
        const auto symmetric =
            choose_params(range, type, with(Convention::kPytorch, Scheme::kSymmetric, narrow));
        ASSERT_EQ(symmetric->scale, scale);
        ASSERT_EQ(symmetric->zero_point, type.middle());
      }
    }
  }
}

TEST(ChooseParams, PytorchRoundsEndsToFloat32First) {
  // 0.3 is not a float32, and 0.3 / 255 in double rounds to another float32 than 0.3f / 255.
  ASSERT_NE(0.3f / 255.0f, static_cast<float>(0.3 / 255.0));
  ParamOptions options = with(Convention::kPytorch);
  EXPECT_EQ(choose_params({0, 0.3}, IntType::kUint8, options)->scale, 0.3f / 255.0f);
  options.zero_point = 0;
  EXPECT_EQ(choose_params({0, 0.3}, IntType::kUint8, options)->scale, 0.3f / 255.0f);
  options = with(Convention::kPytorch, Scheme::kOneSided);
  EXPECT_EQ(choose_params({0, 0.3}, IntType::kUint8, options)->scale, 0.3f / 255.0f);
}

TEST(ChooseParams, PytorchNeverGoesBelowFloatEpsilon) {
  for (const Range range : {Range{0, 0}, Range{-1e-30, 1e-20}, Range{0, 1e-45}}) {
    const auto params = choose_params(range, IntType::kUint8, with(Convention::kPytorch));
    ASSERT_TRUE(params);
    EXPECT_EQ(params->scale, FLT_EPSILON);
  }
}

// The range [-k - 1/2, ...] with scale 1 puts the zero point on a tie.
TEST(ChooseParams, TiesOfTheZeroPointFollowTheConvention) {
  // Odd qmin = -127, min/scale = -1/2: RNE(-126.5) is -126, -127 - RNE(-0.5) is -127.
  const Range narrow_range{-0.5, 253.5};
  const auto narrow = [&](Convention convention) {
    return zero_point_of(narrow_range, IntType::kInt8,
                         with(convention, Scheme::kAffine, NarrowRange::kYes));
  };
  EXPECT_EQ(narrow(Convention::kOnnx), -126);
  EXPECT_EQ(narrow(Convention::kPytorch), -127);
  EXPECT_EQ(narrow(Convention::kTflite), -127);  // -126.5 away from zero

  // Even qmin = -128, min/scale = -3/2: RNE(-126.5), -128 + 2, and -126.5 away from zero.
  const Range full_range{-1.5, 253.5};
  EXPECT_EQ(zero_point_of(full_range, IntType::kInt8, with(Convention::kOnnx)), -126);
  EXPECT_EQ(zero_point_of(full_range, IntType::kInt8, with(Convention::kPytorch)), -126);
  EXPECT_EQ(zero_point_of(full_range, IntType::kInt8, with(Convention::kTflite)), -127);

  // uint8, min/scale = -1/2: RNE(0.5), 0 + RNE(0.5), and 0.5 away from zero.
  const Range unsigned_range{-0.5, 254.5};
  EXPECT_EQ(zero_point_of(unsigned_range, IntType::kUint8, with(Convention::kOnnx)), 0);
  EXPECT_EQ(zero_point_of(unsigned_range, IntType::kUint8, with(Convention::kPytorch)), 0);
  EXPECT_EQ(zero_point_of(unsigned_range, IntType::kUint8, with(Convention::kTflite)), 1);
}

TEST(ParamsWithScale, TfliteNudgesFromTheEndWithSmallerTerms) {
  // qmax - max/scale = 117 has terms 127 + 10; qmin - min/scale = 72 has 128 + 200.
  const auto from_max = params_with_scale({-200, 10}, IntType::kInt8, 1, with(Convention::kTflite));
  EXPECT_EQ(from_max->zero_point, 117);
  // 0 - -1 = 1 has terms 0 + 1.
  const auto from_min = params_with_scale({-1, 9}, IntType::kUint8, 1, with(Convention::kTflite));
  EXPECT_EQ(from_min->zero_point, 1);
}

TEST(ParamsWithScale, TheZeroPointComesFromTheUnroundedScale) {
  // 1.5 / scale = 1.5 - 6e-9 lies below the tie that the scale rounded to float32 would give.
  const double scale = 1 + 4e-9;
  ASSERT_EQ(static_cast<float>(scale), 1.0f);
  const auto params = params_with_scale({-1.5, 200}, IntType::kUint8, scale);
  EXPECT_EQ(params->scale, 1.0f);
  EXPECT_EQ(params->zero_point, 1);
}

TEST(ParamsWithScale, RefusesWhatIsNotAPositiveFloat) {
  for (const double scale : {0.0, -1.0, 1e39, std::nan(""), double{kInfinite}}) {
    const auto params = params_with_scale({-1, 2}, IntType::kUint8, scale);
    ASSERT_FALSE(params) << scale;
    EXPECT_TRUE(params.error().message.starts_with("range [-1, 2]: its scale ")) << scale;
    EXPECT_TRUE(params.error().message.ends_with(" is not a positive float32")) << scale;
  }
  EXPECT_EQ(params_with_scale({-1, 2}, IntType::kUint8, -1).error().message,
            "range [-1, 2]: its scale -1 is not a positive float32");
  // Positive as a double, 0 as a float32.
  EXPECT_EQ(params_with_scale({-1, 2}, IntType::kUint8, 1e-50).error().message,
            "range [-1, 2]: its scale 1e-50 is not a positive float32");
}

TEST(ChooseParams, AFlatRangeGetsScaleOneAndTheSchemesZeroPoint) {
  const Range flat{0, 0};
  using P = QuantParams;
  EXPECT_EQ(choose_params(flat, IntType::kUint8), (P{IntType::kUint8, NarrowRange::kNo, 1, 0}));
  for (const Convention convention : {Convention::kOnnx, Convention::kTflite}) {
    // As ONNX Runtime and TensorFlow Lite, which give 0 where there is nothing to compute.
    EXPECT_EQ(choose_params(flat, IntType::kInt8, with(convention)),
              (P{IntType::kInt8, NarrowRange::kNo, 1, 0}));
    EXPECT_EQ(
        choose_params(flat, IntType::kUint8, with(convention, Scheme::kAffine, NarrowRange::kYes)),
        (P{IntType::kUint8, NarrowRange::kYes, 1, 1}));
  }
  EXPECT_EQ(choose_params(flat, IntType::kInt8, kSymmetric),
            (P{IntType::kInt8, NarrowRange::kNo, 1, 0}));
  EXPECT_EQ(choose_params(flat, IntType::kUint8, kSymmetricNarrow),
            (P{IntType::kUint8, NarrowRange::kYes, 1, 128}));
  EXPECT_EQ(choose_params(flat, IntType::kUint16, kOneSided),
            (P{IntType::kUint16, NarrowRange::kNo, 1, 0}));
  EXPECT_EQ(choose_params(flat, IntType::kInt8, with_zero_point(-128)),
            (P{IntType::kInt8, NarrowRange::kNo, 1, -128}));
  EXPECT_EQ(choose_params(flat, IntType::kUint8, kPowerOfTwo),
            (P{IntType::kUint8, NarrowRange::kNo, 1, 0}));
  EXPECT_EQ(choose_params(flat, IntType::kInt8, with(Convention::kTensorrt, Scheme::kSymmetric)),
            (P{IntType::kInt8, NarrowRange::kNo, 1, 0}));
  EXPECT_EQ(choose_params(flat, IntType::kUint8, with(Convention::kTensorflow, Scheme::kSymmetric)),
            (P{IntType::kUint8, NarrowRange::kYes, 1, 128}));
}

TEST(ChooseParams, AZeroWidthRangeElsewhereIsWidenedToZero) {
  EXPECT_EQ(choose_params({510, 510}, IntType::kUint8),
            (QuantParams{IntType::kUint8, NarrowRange::kNo, 2, 0}));
  EXPECT_EQ(choose_params({-510, -510}, IntType::kUint8),
            (QuantParams{IntType::kUint8, NarrowRange::kNo, 2, 255}));
}

TEST(ChooseParams, AScaleBelowTheNormalFloatsBecomesOne) {
  const double smallest = double{kSmallestNormal};
  EXPECT_EQ(choose_params({0, 255 * smallest}, IntType::kUint8)->scale, kSmallestNormal);
  EXPECT_EQ(choose_params({0, 254 * smallest}, IntType::kUint8)->scale, 1);
  EXPECT_EQ(choose_params({-1e-45, 1e-45}, IntType::kInt8),
            (QuantParams{IntType::kInt8, {}, 1, 0}));
  EXPECT_EQ(choose_params({-1e-310, 0}, IntType::kUint8), (QuantParams{IntType::kUint8, {}, 1, 0}));
  EXPECT_EQ(choose_params({0, 1e-40}, IntType::kUint8, kPowerOfTwo)->scale, 1);
}

TEST(ChooseParams, TheWidestRangesDoNotOverflow) {
  const double largest = double{kLargestFloat};
  for (const IntType type : code_types()) {
    for (ParamOptions options : options_for(type)) {
      for (const Range range : {Range{-largest, largest}, Range{-largest, 0}, Range{0, largest},
                                Range{-largest, 1e-30}, Range{-1e-45, largest}}) {
        if (options.scheme == Scheme::kOneSided && range.min < 0) continue;
        const auto params = choose_params(range, type, options);
        if (!params) {
          // The next power of two is beyond float32.
          ASSERT_EQ(options.scale_form, ScaleForm::kPowerOfTwo) << params.error().message;
          ASSERT_GT(expected_scale(range, type, options), 0x1p127L);
          ASSERT_EQ(params.error().code, ErrorCode::kInvalidArgument);
          continue;
        }
        const long double expected = expected_scale(range, type, options);
        ASSERT_NEAR(params->scale / static_cast<double>(expected), 1, 0x1p-22)
            << describe(range, type, options);
      }
    }
  }
  // -FLT_MAX is one code, everything ordinary the code of 0.
  const auto mask = choose_params({-largest, 8}, IntType::kUint8);
  EXPECT_EQ(mask->zero_point, 255);
}

TEST(ChooseParams, PowerOfTwoIsTheNextOneUpwards) {
  EXPECT_EQ(choose_params({0, 255}, IntType::kUint8, kPowerOfTwo)->scale, 1);
  EXPECT_EQ(choose_params({0, 255.0001}, IntType::kUint8, kPowerOfTwo)->scale, 2);
  EXPECT_EQ(choose_params({0, 127.5}, IntType::kUint8, kPowerOfTwo)->scale, 0.5f);
  // The zero point follows from the wider scale: RNE(20/8).
  EXPECT_EQ(choose_params({-20, 1021}, IntType::kUint8, kPowerOfTwo),
            (QuantParams{IntType::kUint8, NarrowRange::kNo, 8, 2}));
}

TEST(ChooseParams, AGivenZeroPointStretchesTheScaleOverTheWiderSide) {
  // 128 codes below and 127 above: max(100/128, 254/127).
  EXPECT_EQ(choose_params({-100, 254}, IntType::kUint8, with_zero_point(128)),
            (QuantParams{IntType::kUint8, NarrowRange::kNo, 2, 128}));
  EXPECT_EQ(choose_params({-512, 254}, IntType::kUint8, with_zero_point(128))->scale, 4);
  EXPECT_EQ(choose_params({-5, 254}, IntType::kUint8,
                          with_zero_point(128, Scheme::kAffine, NarrowRange::kYes))
                ->scale,
            2);
  EXPECT_EQ(choose_params({0, 510}, IntType::kUint8, with_zero_point(0))->scale, 2);
  EXPECT_EQ(choose_params({-510, 0}, IntType::kUint8, with_zero_point(255))->scale, 2);
}

TEST(ChooseParams, AGivenZeroPointMayBeAnyInt32) {
  const int32_t lowest = std::numeric_limits<int32_t>::min();
  const auto params = choose_params({0, 4294967295.0}, IntType::kInt32, with_zero_point(lowest));
  EXPECT_EQ(params, (QuantParams{IntType::kInt32, NarrowRange::kNo, 1, lowest}));
}

TEST(ChooseParams, AGivenZeroPointThatLeavesNoCodesForOneSideIsRefused) {
  EXPECT_EQ(choose_params({-1, 5}, IntType::kUint8, with_zero_point(0)).error().message,
            "zero point 0: the range [-1, 5] has values below 0, for which uint8 has no code");
  EXPECT_EQ(choose_params({-1, 5}, IntType::kInt8, with_zero_point(127)).error().message,
            "zero point 127: the range [-1, 5] has values above 0, for which int8 has no code");
}

TEST(ChooseParams, AGivenZeroPointOutOfRangeIsRefused) {
  EXPECT_EQ(choose_params({-1, 1}, IntType::kUint8, with_zero_point(256)).error().message,
            "zero point 256: expected a code of uint8 in [0, 255]");
  EXPECT_EQ(choose_params({-1, 1}, IntType::kInt4, with_zero_point(-9)).error().message,
            "zero point -9: expected a code of int4 in [-8, 7]");
  EXPECT_EQ(
      choose_params({0, 1}, IntType::kUint8, with_zero_point(0, Scheme::kAffine, NarrowRange::kYes))
          .error()
          .message,
      "zero point 0: expected a code of uint8 in [1, 255]");
  EXPECT_EQ(choose_params({-1, 1}, IntType::kUint8, with_zero_point(127, Scheme::kSymmetric))
                .error()
                .message,
            "zero point 127: the symmetric scheme on uint8 has zero point 128");
  EXPECT_TRUE(choose_params({-1, 1}, IntType::kUint8, with_zero_point(128, Scheme::kSymmetric)));
  EXPECT_EQ(
      choose_params({0, 1}, IntType::kUint8, with_zero_point(1, Scheme::kOneSided)).error().message,
      "zero point 1: the one-sided scheme on uint8 has zero point 0");
}

TEST(ChooseParams, SchemesThatTheTypeOrConventionLacksAreRefused) {
  const auto message = [](Range range, IntType type, const ParamOptions& options) {
    const auto params = choose_params(range, type, options);
    return params ? "accepted" : params.error().message;
  };
  EXPECT_EQ(message({0, 1}, IntType::kInt8, kOneSided),
            "one-sided scheme: expected an unsigned type, got int8");
  EXPECT_EQ(message({0, 1}, IntType::kUint8,
                    with(Convention::kOnnx, Scheme::kOneSided, NarrowRange::kYes)),
            "one-sided scheme: its zero point 0 is not a code of the narrow range; drop narrow or "
            "use the symmetric scheme");
  EXPECT_EQ(message({-0.5, 1}, IntType::kUint8, kOneSided),
            "one-sided scheme: range [-0.5, 1] has negative values; use affine or symmetric");
  EXPECT_EQ(message({-1, 1}, IntType::kInt8, with(Convention::kTensorrt)),
            "convention tensorrt: expected the symmetric scheme on a signed type, got affine on "
            "int8");
  EXPECT_EQ(message({-1, 1}, IntType::kUint8, with(Convention::kTensorrt, Scheme::kSymmetric)),
            "convention tensorrt: expected the symmetric scheme on a signed type, got symmetric on "
            "uint8");
  EXPECT_EQ(message({-1, 1}, IntType::kUint8, with(Convention::kTensorflow)),
            "convention tensorflow: expected the symmetric scheme, got affine");
  EXPECT_EQ(message({0, 1}, IntType::kUint8, with(Convention::kTensorflow, Scheme::kOneSided)),
            "convention tensorflow: expected the symmetric scheme, got one-sided");
}

TEST(ChooseParams, BadRangesAreRefused) {
  EXPECT_EQ(choose_params({1, -1}, IntType::kUint8).error().message,
            "range [1, -1]: reversed, expected min <= max");
  EXPECT_EQ(choose_params({0, double{kNan}}, IntType::kUint8).error().message,
            "range [0, nan]: nan is not a finite float32 value");
  EXPECT_EQ(choose_params({0, double{kInfinite}}, IntType::kUint8).error().message,
            "range [0, inf]: inf is not a finite float32 value");
  EXPECT_EQ(params_with_scale({1, -1}, IntType::kUint8, 1).error().message,
            "range [1, -1]: reversed, expected min <= max");
}

}  // namespace
}  // namespace zp
