#include "zeropoint/numerics/requantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace zp {
namespace {

using Wide = __int128;
using P = QuantParams;
constexpr int32_t kLowest = std::numeric_limits<int32_t>::min();
constexpr int32_t kHighest = std::numeric_limits<int32_t>::max();

enum class Tie { kUp, kAway, kEven };

// value / 2^shift to a whole number, in integers; a negative shift multiplies.
Wide divided_by_power_of_two(Wide value, int shift, Tie tie) {
  if (shift <= 0) return value << -shift;
  if (shift > 120) return 0;
  const Wide below = value >> shift;  // floor
  const Wide twice_rest = 2 * (value - (below << shift));
  const Wide step = Wide{1} << shift;
  if (twice_rest != step) return below + (twice_rest > step ? 1 : 0);
  const bool up = tie == Tie::kUp || (tie == Tie::kAway ? value > 0 : below % 2 != 0);
  return below + (up ? 1 : 0);
}

int32_t saturate_int32(Wide value) {
  return static_cast<int32_t>(value < kLowest ? kLowest : value > kHighest ? kHighest : value);
}

// gemmlowp's SaturatingRoundingDoublingHighMul: C's division, which truncates.
int32_t srdhm_as_published(int32_t a, int32_t b) {
  if (a == b && a == kLowest) return kHighest;
  const int64_t product = int64_t{a} * int64_t{b};
  const int64_t nudge = product >= 0 ? int64_t{1} << 30 : 1 - (int64_t{1} << 30);
  return static_cast<int32_t>((product + nudge) / (int64_t{1} << 31));
}

struct Fixed {
  int32_t mantissa;
  int shift;
};
// real = mantissa * 2^(shift - 31), the mantissa rounded half away in integers (multiplier_test.cc
// compares the function itself).
Fixed fixed_of(double real) {
  int exponent = 0;
  const auto bits53 = static_cast<Wide>(std::ldexp(std::frexp(real, &exponent), 53));
  Wide mantissa = divided_by_power_of_two(bits53, 22, Tie::kAway);
  if (mantissa == Wide{1} << 31) {
    mantissa /= 2;
    ++exponent;
  }
  if (exponent < -31) return {0, 0};
  return {static_cast<int32_t>(mantissa), exponent};
}

// The rules of requantize.h in exact integers.
int32_t expected(int32_t accumulator, double multiplier, const QuantParams& output,
                 RequantizeRule rule) {
  Wide steps = 0;
  const auto narrowed = static_cast<float>(multiplier);
  switch (rule) {
    case RequantizeRule::kFloat: {
      // Both factors have 24 bits: the product is exact in double before its rounding to float32.
      const auto as_float = static_cast<float>(accumulator);
      const auto product = static_cast<float>(double{as_float} * double{narrowed});
      int exponent = 0;
      const auto bits24 = static_cast<Wide>(std::ldexp(std::frexp(product, &exponent), 24));
      if (exponent > 60) {
        steps = product > 0 ? Wide{1} << 60 : -(Wide{1} << 60);
      } else {
        steps = divided_by_power_of_two(bits24, 24 - exponent, Tie::kEven);
      }
      break;
    }
    case RequantizeRule::kTfliteDouble: {
      const auto [mantissa, shift] = fixed_of(multiplier);
      const int32_t shifted = saturate_int32(Wide{accumulator} << std::max(shift, 0));
      const int32_t high = srdhm_as_published(shifted, mantissa);
      steps = divided_by_power_of_two(high, std::max(-shift, 0), Tie::kAway);
      break;
    }
    case RequantizeRule::kTfliteSingle: {
      const auto [mantissa, shift] = fixed_of(multiplier);
      steps = divided_by_power_of_two(Wide{accumulator} * mantissa, 31 - shift, Tie::kUp);
      break;
    }
    case RequantizeRule::kHalfUp: {
      int exponent = 0;
      const auto bits24 = static_cast<Wide>(std::ldexp(std::frexp(narrowed, &exponent), 24));
      steps = divided_by_power_of_two(Wide{accumulator} * bits24, 24 - exponent, Tie::kUp);
      break;
    }
  }
  const Wide code = steps + output.zero_point;
  const CodeRange codes = output.codes();
  return static_cast<int32_t>(code < codes.qmin   ? codes.qmin
                              : code > codes.qmax ? codes.qmax
                                                  : code);
}

// Ends of int32, around 0, around ties of the product, and any.
std::vector<int32_t> accumulators_for(double multiplier, std::mt19937& random) {
  std::vector<int32_t> all{
      kLowest, kLowest + 1, kHighest,      kHighest - 1,   -1,        0,         1, 2,
      -2,      1 << 24,     (1 << 24) + 1, -(1 << 24) - 1, (1 << 30), -(1 << 30)};
  std::uniform_int_distribution<int32_t> steps(-300, 300);
  for (int i = 0; i < 200; ++i) {
    const double tie = (steps(random) + 0.5) / multiplier;
    if (std::abs(tie) > 2e9) continue;
    for (int64_t near = -2; near <= 2; ++near) {
      all.push_back(saturate_int32(static_cast<int64_t>(std::floor(tie)) + near));
    }
  }
  for (int i = 0; i < 200; ++i) all.push_back(static_cast<int32_t>(random()));
  return all;
}

std::vector<double> multipliers(std::mt19937& random) {
  std::vector<double> all{0.5,           0.25,    1.0,         2.0,    0x1p-8,
                          0x1p-31,       0x1p-32, 3 * 0x1p-10, 0x1p29, 1 - 0x1p-32,
                          0x1.fffffep-1, 1.0 / 3, 0x1.8p-33,   1e-12};
  std::uniform_real_distribution<double> exponent(-20, 3);
  for (int i = 0; i < 100; ++i) all.push_back(std::exp2(exponent(random)));
  for (int i = 0; i < 20; ++i) all.push_back(std::exp2(exponent(random) * 1.4));
  return all;
}

class Requantize : public testing::TestWithParam<RequantizeRule> {};
INSTANTIATE_TEST_SUITE_P(, Requantize, testing::ValuesIn(kRequantizeRules), [](const auto& info) {
  std::string text(name(info.param));
  std::erase(text, '-');
  return text;
});

TEST_P(Requantize, IsItsRuleInExactIntegers) {
  std::mt19937 random(1);
  for (const QuantParams& output :
       {P{IntType::kInt8, {}, 1, 0}, P{IntType::kUint8, {}, 1, 128}, P{IntType::kInt8, {}, 1, -128},
        P{IntType::kInt8, NarrowRange::kYes, 1, 5}, P{IntType::kUint16, {}, 1, 65535},
        P{IntType::kInt16, {}, 1, 0}, P{IntType::kUint4, {}, 1, 3}}) {
    for (const double multiplier : multipliers(random)) {
      const auto requantizer = make_requantizer(multiplier, output, GetParam());
      ASSERT_TRUE(requantizer) << requantizer.error().message;
      for (const int32_t accumulator : accumulators_for(multiplier, random)) {
        ASSERT_EQ(requantize(accumulator, *requantizer),
                  expected(accumulator, multiplier, output, GetParam()))
            << accumulator << " * " << multiplier << " " << output.type.name();
      }
    }
  }
}

TEST_P(Requantize, OverSpansIsElementwise) {
  const auto requantizer = make_requantizer(0.01, P{IntType::kInt8, {}, 1, 3}, GetParam());
  std::vector<int32_t> accumulators(1000);
  std::mt19937 random(2);
  for (int32_t& accumulator : accumulators) accumulator = static_cast<int32_t>(random()) >> 16;
  std::vector<int32_t> codes(1000);
  ASSERT_TRUE(requantize(accumulators, codes, *requantizer));
  for (size_t i = 0; i < codes.size(); ++i) {
    ASSERT_EQ(codes[i], requantize(accumulators[i], *requantizer));
  }
  EXPECT_EQ(requantize(accumulators, std::span(codes).first(7), *requantizer).error().message,
            "requantize: 1000 input elements, but room for 7 output elements");
}

TEST_P(Requantize, RefusesWhatHasNoMeaning) {
  const auto message = [](double multiplier, const QuantParams& output) {
    const auto requantizer = make_requantizer(multiplier, output, GetParam());
    return requantizer ? "accepted" : requantizer.error().message;
  };
  const P good{IntType::kInt8, {}, 1, 0};
  EXPECT_EQ(message(0.5, good), "accepted");
  EXPECT_EQ(message(0, good), "requantize: multiplier 0: expected a positive finite float32");
  EXPECT_EQ(message(-1, good), "requantize: multiplier -1: expected a positive finite float32");
  EXPECT_EQ(message(1e-60, good),
            "requantize: multiplier 1e-60: expected a positive finite float32");
  EXPECT_EQ(message(1e60, good),
            "requantize: multiplier 1e+60: expected a positive finite float32");
  EXPECT_EQ(message(std::nan(""), good),
            "requantize: multiplier nan: expected a positive finite float32");
  EXPECT_EQ(message(0.5, P{IntType::kInt32, {}, 1, 0}),
            "requantize: expected an output type of at most 16 bits, got int32");
  EXPECT_EQ(message(0.5, P{IntType::kInt8, {}, 1, 128}),
            "zero point 128: expected a code of int8 in [-128, 127]");
  EXPECT_EQ(message(0x1p30, good), GetParam() == RequantizeRule::kFloat
                                       ? "accepted"
                                       : "multiplier 1073741824: expected less than 2^30");
}

// By hand, multiplier 1/2: 5/2 and -5/2 are ties, and so are 3/2 and -3/2.
TEST(RequantizeRules, DifferAtTies) {
  const auto code = [](int32_t accumulator, RequantizeRule rule) {
    return requantize(accumulator, *make_requantizer(0.5, P{IntType::kInt8, {}, 1, 0}, rule));
  };
  EXPECT_EQ(code(5, RequantizeRule::kFloat), 2);
  EXPECT_EQ(code(-5, RequantizeRule::kFloat), -2);
  EXPECT_EQ(code(3, RequantizeRule::kFloat), 2);
  EXPECT_EQ(code(-3, RequantizeRule::kFloat), -2);
  EXPECT_EQ(code(5, RequantizeRule::kTfliteSingle), 3);
  EXPECT_EQ(code(-5, RequantizeRule::kTfliteSingle), -2);
  EXPECT_EQ(code(5, RequantizeRule::kHalfUp), 3);
  EXPECT_EQ(code(-5, RequantizeRule::kHalfUp), -2);
  // The doubling high multiply rounds half up; a shift of 0 leaves it at that.
  EXPECT_EQ(code(5, RequantizeRule::kTfliteDouble), 3);
  EXPECT_EQ(code(-5, RequantizeRule::kTfliteDouble), -2);
}

TEST(RequantizeRules, TfliteDoubleRoundsTwice) {
  // Multiplier 1/8 is mantissa 2^30, shift -2: 11/2 = 5.5 to 6, then 6/4 = 1.5 to 2; the exact
  // 11/8 = 1.375 would round to 1.
  const auto code = [](int32_t accumulator, RequantizeRule rule) {
    return requantize(accumulator, *make_requantizer(0.125, P{IntType::kInt8, {}, 1, 0}, rule));
  };
  EXPECT_EQ(code(11, RequantizeRule::kTfliteDouble), 2);
  EXPECT_EQ(code(11, RequantizeRule::kTfliteSingle), 1);
  EXPECT_EQ(code(11, RequantizeRule::kFloat), 1);
  // The second rounding is half away from zero: -12/2 = -6, -6/4 = -1.5.
  EXPECT_EQ(code(-12, RequantizeRule::kTfliteDouble), -2);
  EXPECT_EQ(code(-12, RequantizeRule::kTfliteSingle), -1);
}

TEST(RequantizeRules, FloatRoundsTheAccumulatorTo24Bits) {
  // 2^24 + 1 is no float32 and becomes 2^24; half of it is 8388608, not the tie 8388608.5.
  const P output{IntType::kUint16, {}, 1, 0};
  const auto requantizer = make_requantizer(0x1p-9, output, RequantizeRule::kFloat);
  EXPECT_EQ(requantize((1 << 24) + 1, *requantizer), 32768);
  EXPECT_EQ(requantize((1 << 24) + 256, *requantizer), 32768);  // the tie 32768.5 to even
  EXPECT_EQ(requantize((1 << 24) + 258, *requantizer), 32769);
}

TEST(SaturatingRoundingDoublingHighMultiply, IsGemmlowpsAndTheFloorFormula) {
  std::mt19937 random(3);
  std::vector<int32_t> values{kLowest, kLowest + 1,   -(1 << 30),   -3,      -2, -1, 0, 1, 2, 3,
                              1 << 30, (1 << 30) + 1, kHighest - 1, kHighest};
  for (int i = 0; i < 500; ++i) {
    values.push_back(static_cast<int32_t>(random()) >> (i % 32));
  }
  for (const int32_t a : values) {
    for (const int32_t b : values) {
      const int32_t result = saturating_rounding_doubling_high_multiply(a, b);
      ASSERT_EQ(result, srdhm_as_published(a, b)) << a << " " << b;
      if (a == kLowest && b == kLowest) continue;
      ASSERT_EQ(result, divided_by_power_of_two(Wide{a} * b, 31, Tie::kUp)) << a << " " << b;
    }
  }
  EXPECT_EQ(saturating_rounding_doubling_high_multiply(kLowest, kLowest), kHighest);
}

TEST(RoundingDivideByPowerOfTwo, IsHalfAwayFromZero) {
  std::mt19937 random(4);
  for (int exponent = 0; exponent <= 31; ++exponent) {
    std::vector<int32_t> values{kLowest, kLowest + 1, kHighest, kHighest - 1, -1, 0, 1};
    for (int i = 0; i < 2000; ++i) {
      values.push_back(static_cast<int32_t>(random()) >> (i % 32));
      const auto tie = static_cast<int32_t>(static_cast<uint32_t>(random()) << exponent |
                                            (exponent > 0 ? 1u << (exponent - 1) : 0));
      values.push_back(tie);
    }
    for (const int32_t x : values) {
      ASSERT_EQ(rounding_divide_by_power_of_two(x, exponent),
                divided_by_power_of_two(x, exponent, Tie::kAway))
          << x << " / 2^" << exponent;
    }
  }
  EXPECT_EQ(rounding_divide_by_power_of_two(-6, 2), -2);
  EXPECT_EQ(rounding_divide_by_power_of_two(6, 2), 2);
  EXPECT_EQ(rounding_divide_by_power_of_two(5, 2), 1);
}

TEST(RequantizeRules, HaveTheNamesThatReportsUse) {
  EXPECT_EQ(name(RequantizeRule::kFloat), "float");
  EXPECT_EQ(name(RequantizeRule::kTfliteDouble), "tflite-double");
  EXPECT_EQ(name(RequantizeRule::kTfliteSingle), "tflite-single");
  EXPECT_EQ(name(RequantizeRule::kHalfUp), "half-up");
}

}  // namespace
}  // namespace zp
