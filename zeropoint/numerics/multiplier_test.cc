#include "zeropoint/numerics/multiplier.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace zp {
namespace {

// The 31-bit mantissa from the 53 bits of a double, in integers: real = bits53 * 2^(exponent - 53),
// so mantissa = bits53 / 2^22 rounded half away from zero.
FixedPointMultiplier expected(double real) {
  int exponent = 0;
  const auto bits53 = static_cast<int64_t>(std::ldexp(std::frexp(real, &exponent), 53));
  int64_t mantissa = (bits53 >> 22) + ((bits53 >> 21) & 1);
  if (mantissa == int64_t{1} << 31) {
    mantissa /= 2;
    ++exponent;
  }
  if (exponent < -31) return {};
  return {static_cast<int32_t>(mantissa), exponent};
}

TEST(FixedPointMultiplier, IsTheNearest31BitMantissa) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> exponent(-34, 29.9);
  for (int i = 0; i < 200000; ++i) {
    const double real = std::exp2(exponent(random));
    const auto multiplier = fixed_point_multiplier(real);
    ASSERT_TRUE(multiplier) << multiplier.error().message;
    ASSERT_EQ(*multiplier, expected(real)) << real;
    if (multiplier->mantissa == 0) {
      ASSERT_LT(real, 0x1p-32);
      continue;
    }
    ASSERT_GE(multiplier->mantissa, 1 << 30);
    ASSERT_LE(std::abs(to_real(*multiplier) - real), 0x1p-31 * real);
  }
}

TEST(FixedPointMultiplier, MeetsEveryFloat32Exactly) {
  std::mt19937 random(2);
  std::uniform_real_distribution<double> exponent(-31.9, 29.9);
  for (int i = 0; i < 10000; ++i) {
    const auto real = static_cast<float>(std::exp2(exponent(random)));
    ASSERT_EQ(to_real(*fixed_point_multiplier(double{real})), double{real});
  }
}

TEST(FixedPointMultiplier, ByHand) {
  EXPECT_EQ(fixed_point_multiplier(0.5), (FixedPointMultiplier{1 << 30, 0}));
  EXPECT_EQ(fixed_point_multiplier(1), (FixedPointMultiplier{1 << 30, 1}));
  EXPECT_EQ(fixed_point_multiplier(0.75), (FixedPointMultiplier{3 << 29, 0}));
  EXPECT_EQ(fixed_point_multiplier(3), (FixedPointMultiplier{3 << 29, 2}));
  EXPECT_EQ(fixed_point_multiplier(0), (FixedPointMultiplier{}));
  // The tie 1/2 * 2^-31 below 1 rounds away from zero, to 1.
  EXPECT_EQ(fixed_point_multiplier(1 - 0x1p-32), (FixedPointMultiplier{1 << 30, 1}));
  EXPECT_EQ(fixed_point_multiplier(1 - 0x1p-31),
            (FixedPointMultiplier{std::numeric_limits<int32_t>::max(), 0}));
}

TEST(FixedPointMultiplier, BecomesZeroWhereNoAccumulatorReachesOneHalf) {
  EXPECT_EQ(fixed_point_multiplier(0x1p-32), (FixedPointMultiplier{1 << 30, -31}));
  EXPECT_EQ(fixed_point_multiplier(0x1.fffffp-33), (FixedPointMultiplier{}));
  EXPECT_EQ(fixed_point_multiplier(std::nextafter(0x1p-32, 0)),
            (FixedPointMultiplier{1 << 30, -31}));
  EXPECT_EQ(fixed_point_multiplier(std::numeric_limits<double>::denorm_min()),
            (FixedPointMultiplier{}));
}

TEST(FixedPointMultiplier, RefusesWhatItCannotStandFor) {
  const auto message = [](double real) {
    const auto multiplier = fixed_point_multiplier(real);
    return multiplier ? "accepted" : multiplier.error().message;
  };
  EXPECT_EQ(message(-0.5), "multiplier -0.5: expected a finite number of at least 0");
  EXPECT_EQ(message(std::nan("")), "multiplier nan: expected a finite number of at least 0");
  EXPECT_EQ(message(INFINITY), "multiplier inf: expected a finite number of at least 0");
  EXPECT_EQ(message(0x1p30), "multiplier 1073741824: expected less than 2^30");
  EXPECT_EQ(message(1e300), "multiplier 1e+300: expected less than 2^30");
  EXPECT_NE(message(std::nextafter(0x1p30, 0)), "accepted");  // rounds to 2^30
  EXPECT_EQ(message(0x1p30 - 1), "accepted");
}

}  // namespace
}  // namespace zp
