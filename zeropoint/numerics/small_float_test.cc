#include "zeropoint/numerics/small_float.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "zeropoint/numerics/small_float_expected.h"

namespace zp {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

class SmallFloatTest : public testing::TestWithParam<FormatRow> {};

TEST_P(SmallFloatTest, EveryCodeDecodesToItsFormula) {
  const FormatRow& row = GetParam();
  const std::vector<double> values = values_and_next(row);
  for (uint32_t magnitude = 0; magnitude < row.sign; ++magnitude) {
    for (const uint32_t sign : {uint32_t{0}, row.sign}) {
      const float value = decode(row.format, sign | magnitude);
      if (sign != 0 && magnitude == 0 && !row.negative_zero) {
        EXPECT_TRUE(std::isnan(value));
      } else if (magnitude < row.finite) {
        EXPECT_EQ(std::fabs(value), values[magnitude]) << magnitude;
        EXPECT_EQ(std::signbit(value), sign != 0) << magnitude;
      } else if (row.format.has_infinity() && magnitude == row.finite) {
        EXPECT_EQ(value, sign != 0 ? -kInfinity : kInfinity);
      } else {
        EXPECT_TRUE(std::isnan(value)) << magnitude;
      }
    }
  }
}

TEST_P(SmallFloatTest, EveryValueGoesBackToItsCode) {
  const FormatRow& row = GetParam();
  for (uint32_t code = 0; code < 2 * row.sign; ++code) {
    const float value = decode(row.format, code);
    if (std::isnan(value)) continue;
    EXPECT_EQ(encode(row.format, double{value}, Overflow::kToInfinity), code);
  }
}

// Every value and every midpoint between neighbours, each with the floats on both sides.
TEST_P(SmallFloatTest, RoundsToTheNearestCodeAroundEveryTie) {
  const FormatRow& row = GetParam();
  const std::vector<double> values = values_and_next(row);
  std::vector<float> inputs{0.0f, std::numeric_limits<float>::denorm_min(),
                            std::numeric_limits<float>::max(), kInfinity};
  const auto add_neighbourhood = [&](double centre) {
    const auto x = static_cast<float>(centre);
    inputs.insert(inputs.end(), {std::nextafter(x, 0.0f), x, std::nextafter(x, kInfinity)});
  };
  for (size_t i = 0; i + 1 < values.size(); ++i) {
    add_neighbourhood(values[i]);
    add_neighbourhood((values[i] + values[i + 1]) / 2);
  }
  std::ranges::sort(inputs);
  NearestCode nearest(row);
  for (const float x : inputs) {
    const uint32_t code = nearest.at(double{x});
    for (const Overflow overflow : {Overflow::kSaturate, Overflow::kToInfinity}) {
      for (const float signed_x : {x, -x}) {
        ASSERT_EQ(encode(row.format, double{signed_x}, overflow),
                  expected_code(row, code, std::signbit(signed_x), overflow))
            << signed_x << " overflow " << static_cast<int>(overflow);
      }
    }
  }
}

// A double just beside a tie is decided by the double: going through float32 would round twice.
TEST_P(SmallFloatTest, RoundsADoubleOnce) {
  const FormatRow& row = GetParam();
  const std::vector<double> values = values_and_next(row);
  for (uint32_t code = 0; code + 1 < row.finite; ++code) {
    const double tie = (values[code] + values[code + 1]) / 2;
    EXPECT_EQ(encode(row.format, std::nextafter(tie, 0.0), Overflow::kToInfinity), code);
    EXPECT_EQ(encode(row.format, std::nextafter(tie, 1e300), Overflow::kToInfinity), code + 1);
  }
}

TEST_P(SmallFloatTest, NanStaysNanWithItsSignWhereTheFormatHasOne) {
  const FormatRow& row = GetParam();
  for (const Overflow overflow : {Overflow::kSaturate, Overflow::kToInfinity}) {
    EXPECT_EQ(encode(row.format, double{kNan}, overflow), row.positive_nan);
    EXPECT_EQ(encode(row.format, double{-kNan}, overflow), row.negative_nan);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, SmallFloatTest, testing::ValuesIn(format_rows()),
                         [](const auto& row) { return std::string(row.param.name); });

// The page "Float stored in 8 bits" of ONNX, table of the largest and smallest values.
TEST(SmallFloat, LargestAndSmallestValuesAreThoseOfTheOnnxPages) {
  EXPECT_EQ(decode(kFloat16, kFloat16.max_code()), 65504.0f);
  EXPECT_EQ(decode(kFloat8e4m3fn, kFloat8e4m3fn.max_code()), 448.0f);
  EXPECT_EQ(decode(kFloat8e4m3fnuz, kFloat8e4m3fnuz.max_code()), 240.0f);
  EXPECT_EQ(decode(kFloat8e5m2, kFloat8e5m2.max_code()), 57344.0f);
  EXPECT_EQ(decode(kFloat8e5m2fnuz, kFloat8e5m2fnuz.max_code()), 57344.0f);
  EXPECT_EQ(decode(kFloat4e2m1, kFloat4e2m1.max_code()), 6.0f);
  EXPECT_EQ(decode(kFloat8e4m3fn, 1), std::ldexp(1.0f, -9));
  EXPECT_EQ(decode(kFloat8e4m3fnuz, 1), std::ldexp(1.0f, -10));
  EXPECT_EQ(decode(kFloat8e5m2, 1), std::ldexp(1.0f, -16));
  EXPECT_EQ(decode(kFloat8e5m2fnuz, 1), std::ldexp(1.0f, -17));
}

TEST(SmallFloat, TheFormatOfAnElementTypeHasItsBits) {
  for (const ElementTypeInfo& row : kElementTypes) {
    const auto format = small_float(row.type);
    ASSERT_EQ(format.has_value(), row.kind == ElementKind::kSmallFloat) << row.name;
    if (format) {
      EXPECT_EQ(format->bits(), row.bits) << row.name;
    }
  }
}

TEST(Float8e8m0, EveryCodeIsAPowerOfTwo) {
  for (uint32_t code = 0; code < 0xFF; ++code) {
    EXPECT_EQ(decode(kFloat8e8m0, code), std::ldexp(1.0f, static_cast<int>(code) - 127));
  }
  EXPECT_TRUE(std::isnan(decode(kFloat8e8m0, 0xFF)));
}

TEST(Float8e8m0, RoundsAsAskedAroundEveryPowerAndTie) {
  for (uint32_t below = 0; below < 0xFF; ++below) {
    const auto power = static_cast<float>(std::pow(2.0, static_cast<int>(below) - 127));
    for (const float centre : {power, 1.5f * power}) {
      for (const float x : {centre, std::nextafter(centre, kInfinity)}) {
        for (const Overflow overflow : {Overflow::kSaturate, Overflow::kToInfinity}) {
          for (const Rounding rounding : {Rounding::kNearestUp, Rounding::kUp, Rounding::kDown}) {
            EXPECT_EQ(encode(kFloat8e8m0, double{x}, overflow, rounding),
                      expected_e8m0(double{x}, below, overflow, rounding))
                << x << " rounding " << static_cast<int>(rounding);
          }
        }
      }
    }
  }
}

// The table of ONNX's Cast: 0, infinity and NaN, and values outside.
TEST(Float8e8m0, HasNeitherZeroNorInfinityNorSign) {
  const double lowest = std::pow(2.0, -127);
  const double highest = std::pow(2.0, 127);
  for (const Rounding rounding : {Rounding::kNearestUp, Rounding::kUp, Rounding::kDown}) {
    for (const double x :
         {0.0, -0.0, lowest / 2, std::nextafter(lowest, 0.0), -1.0, -double{kInfinity}}) {
      EXPECT_EQ(encode(kFloat8e8m0, x, Overflow::kSaturate, rounding), 0u) << x;
      EXPECT_EQ(encode(kFloat8e8m0, x, Overflow::kToInfinity, rounding), 0xFFu) << x;
    }
    for (const double x : {std::nextafter(highest, 1e300), 3e38, double{kInfinity}}) {
      EXPECT_EQ(encode(kFloat8e8m0, x, Overflow::kSaturate, rounding), 0xFEu) << x;
      EXPECT_EQ(encode(kFloat8e8m0, x, Overflow::kToInfinity, rounding), 0xFFu) << x;
    }
    EXPECT_EQ(encode(kFloat8e8m0, double{kNan}, Overflow::kSaturate, rounding), 0xFFu);
    EXPECT_EQ(encode(kFloat8e8m0, double{-kNan}, Overflow::kToInfinity, rounding), 0xFFu);
  }
}

}  // namespace
}  // namespace zp
