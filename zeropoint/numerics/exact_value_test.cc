#include "zeropoint/numerics/exact_value.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "zeropoint/numerics/quantize.h"
#include "zeropoint/numerics/test_params.h"

namespace zp {
namespace {

// The largest code k in [1, steps] that has a scale in [finest, coarsest] with fl(k * scale) = x,
// or 0. Such a scale is within a few floats of x / k.
int32_t largest_exact_code(float x, int32_t steps, float finest, double coarsest) {
  for (int32_t k = steps; k >= 1; --k) {
    auto scale = static_cast<float>(double{x} / k);
    for (int i = 0; i < 4; ++i) scale = std::nextafter(scale, 0.0f);
    for (int i = 0; i < 9; ++i, scale = std::nextafter(scale, kInfinite)) {
      if (scale < finest || double{scale} > coarsest) continue;
      if (static_cast<float>(k * double{scale}) == x) return k;
    }
  }
  return 0;
}

TEST(ExactValue, ComesBackBitForBit) {
  std::mt19937 random(1);
  int found = 0;
  int tried = 0;
  for (const IntType type : code_types()) {
    for (const ParamOptions& options : options_for(type)) {
      for (int i = 0; i < 15; ++i) {
        Range range = random_range(random, -12, 12);
        if (options.scheme == Scheme::kOneSided) range = {0, range.magnitude()};
        // Half of them outside the range, which is then widened.
        float x = floats_in(range, random, 4)[static_cast<size_t>(random() % 4)];
        if (random() % 2 == 0) x *= 2;
        if (options.scale_form == ScaleForm::kPowerOfTwo) {
          // A whole number of steps of the power of two that the range has anyway.
          const auto plain = choose_params(range.widened_to(double{x}), type, options);
          ASSERT_TRUE(plain);
          x = fake_quantize(x, *plain, options.convention);
        }
        const auto params = choose_params_exact(range, type, x, options);
        ++tried;
        if (!params) {
          ASSERT_TRUE(params.error().message.starts_with("exact value ")) << params.error().message;
          continue;
        }
        ++found;
        SCOPED_TRACE(describe(range, type, options));
        ASSERT_TRUE(check(*params, options.convention));
        const float back = fake_quantize(x, *params, options.convention);
        ASSERT_EQ(std::bit_cast<uint32_t>(back), std::bit_cast<uint32_t>(x)) << x;
        ASSERT_EQ(fake_quantize(0, *params, options.convention), 0);
        const auto plain = choose_params(range.widened_to(double{x}), type, options);
        ASSERT_GE(params->scale, plain->scale);
        ASSERT_LE(params->scale, plain->scale * kLargestScaleGrowth * (1 + 0x1p-23));
      }
    }
  }
  EXPECT_GT(found, tried / 2);
}

TEST(ExactValue, HasTheFinestScaleThatThereIsAndIsRefusedWhereThereIsNone) {
  std::mt19937 random(2);
  int refused = 0;
  for (const IntType type : {IntType::kInt8, IntType::kInt4, IntType::kInt2}) {
    ParamOptions symmetric{Convention::kOnnx, Scheme::kSymmetric, NarrowRange::kYes, {}, {}};
    for (int i = 0; i < 6000; ++i) {
      const float a = std::abs(random_float(random, -3, 3));
      float x = std::uniform_real_distribution<float>(0, a)(random);
      if (i % 2 == 0) x = std::exp2(std::floor(std::log2(x)));
      const Range range{-double{a}, double{a}};
      const float finest = choose_params(range, type, symmetric)->scale;
      const int32_t code =
          largest_exact_code(x, type.codes().qmax, finest, double{finest} * kLargestScaleGrowth);
      const auto params = choose_params_exact(range, type, x, symmetric);
      ASSERT_EQ(params.has_value(), code != 0) << x << " in +-" << a << " " << type.name();
      if (params) {
        ASSERT_EQ(quantize(x, *params), code) << x << " in +-" << a << " " << type.name();
      }
      refused += code == 0;
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(ExactValue, ThatIsACodeAnywayKeepsTheChosenParams) {
  const QuantParams plain = *choose_params({-20, 1000}, IntType::kUint8);
  for (const float x : {40.0f, -20.0f, 1000.0f, 0.0f, -0.0f}) {
    EXPECT_EQ(choose_params_exact({-20, 1000}, IntType::kUint8, x), plain) << x;
  }
}

TEST(ExactValue, WidensTheRangeToHoldIt) {
  const auto params = choose_params_exact({0, 1}, IntType::kUint8, -1.5f);
  ASSERT_TRUE(params) << params.error().message;
  EXPECT_EQ(fake_quantize(-1.5f, *params), -1.5f);
  EXPECT_NEAR(fake_quantize(1, *params), 1, double{params->scale} * 0.501);
}

TEST(ExactValue, StaysWithinTheRangesCoverage) {
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    const Range range = random_range(random, -10, 10).widened_to(0);
    const float x = floats_in(range, random, 4)[1];
    const auto params = choose_params_exact(range, IntType::kUint8, x);
    if (!params) continue;
    for (const float value : floats_in(range, random, 10)) {
      ASSERT_NEAR(fake_quantize(value, *params), value, double{params->scale} * 0.501);
    }
  }
}

TEST(ExactValue, ThatNoScaleMeetsIsRefusedWithTheNearestCode) {
  // Less than one step of [0, 255] away from 0.
  EXPECT_EQ(choose_params_exact({0, 255}, IntType::kUint8, 0.25f).error().message,
            "exact value 0.25: no float32 scale for the range [0, 255] makes it a code of uint8; "
            "the nearest is code 0, which stands for 0, 0.25 away; widen the range or take a type "
            "with more bits");
  ParamOptions power_of_two;
  power_of_two.scale_form = ScaleForm::kPowerOfTwo;
  EXPECT_EQ(choose_params_exact({0, 255}, IntType::kUint8, 100.25f, power_of_two).error().message,
            "exact value 100.25: no power-of-two scale for the range [0, 255] makes it a code of "
            "uint8; the nearest is code 100, which stands for 100, 0.25 away; widen the range or "
            "take a type with more bits");
}

TEST(ExactValue, RefusesWhatChooseParamsRefuses) {
  EXPECT_EQ(choose_params_exact({0, 1}, IntType::kUint8, kInfinite).error().message,
            "exact value inf: expected a finite number");
  EXPECT_EQ(choose_params_exact({0, 1}, IntType::kUint8, kNan).error().message,
            "exact value nan: expected a finite number");
  EXPECT_EQ(choose_params_exact({1, 0}, IntType::kUint8, 1).error().message,
            "range [1, 0]: reversed, expected min <= max");
  ParamOptions one_sided;
  one_sided.scheme = Scheme::kOneSided;
  EXPECT_EQ(choose_params_exact({0, 1}, IntType::kUint8, -1, one_sided).error().message,
            "one-sided scheme: range [-1, 1] has negative values; use affine or symmetric");
}

}  // namespace
}  // namespace zp
