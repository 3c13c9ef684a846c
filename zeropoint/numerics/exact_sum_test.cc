#include "zeropoint/numerics/exact_sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace zp {
namespace {

constexpr float kMax = std::numeric_limits<float>::max();
constexpr float kTiny = std::numeric_limits<float>::denorm_min();

// The same sum in schoolbook arithmetic: hexadecimal digits of weight 16^i * 2^-300 that carry
// only at the end, and the C library's correctly rounded reading of the digits.
class Schoolbook {
 public:
  void add(float x) {
    int exponent = 0;
    const double fraction = std::frexp(double{x}, &exponent);
    add(static_cast<int64_t>(std::ldexp(fraction, 24)), exponent - 24);
  }
  void add_square(float x) {
    int exponent = 0;
    const double fraction = std::frexp(double{x}, &exponent);
    const auto mantissa = static_cast<int64_t>(std::ldexp(fraction, 24));
    add(mantissa * mantissa, 2 * (exponent - 24));
  }
  double value() const {
    std::vector<int64_t> digits = digits_;
    const bool negative = carry(digits) < 0;
    if (negative) {
      digits = digits_;
      for (int64_t& digit : digits) digit = -digit;
      carry(digits);
    }
    std::string text = negative ? "-0x" : "0x";
    for (size_t i = digits.size(); i-- > 0;) text += "0123456789abcdef"[digits[i]];
    return std::strtod((text + "p-300").c_str(), nullptr);
  }

 private:
  void add(int64_t mantissa, int exponent) {
    if (mantissa == 0) return;
    const int position = exponent + 300;
    const int64_t sign = mantissa < 0 ? -1 : 1;
    // frexp normalises subnormals, which leaves zeros below 2^-300: shift them out first.
    int shift = position;
    int64_t magnitude = std::abs(mantissa);
    while (shift < 0) {
      magnitude /= 2;
      ++shift;
    }
    for (int bit = 0; magnitude >> bit != 0; ++bit) {
      const int place = shift + bit;
      digits_[static_cast<size_t>(place / 4)] += sign * (((magnitude >> bit) & 1) << (place % 4));
    }
  }
  static int64_t carry(std::vector<int64_t>& digits) {
    int64_t over = 0;
    for (int64_t& digit : digits) {
      digit += over;
      over = digit >> 4;
      digit &= 15;
    }
    return over;
  }
  std::vector<int64_t> digits_ = std::vector<int64_t>(170);
};

float any_finite(std::mt19937_64& random) {
  for (;;) {
    const float x = std::bit_cast<float>(static_cast<uint32_t>(random()));
    if (std::isfinite(x)) return x;
  }
}

// Floats of every size together with many that cancel each other almost or entirely.
std::vector<float> adversarial(uint64_t seed, size_t count) {
  std::mt19937_64 random(seed);
  std::vector<float> values;
  while (values.size() < count) {
    const float x = any_finite(random);
    values.push_back(x);
    if (random() % 2 == 0) values.push_back(-x);
    if (random() % 4 == 0) values.push_back(std::nextafter(-x, 0.0f));
    if (random() % 16 == 0)
      values.push_back(std::ldexp(1.0f, static_cast<int>(random() % 276) - 149));
    if (random() % 16 == 0) values.push_back(random() % 2 == 0 ? kTiny : -kTiny);
    if (random() % 16 == 0) values.push_back(random() % 2 == 0 ? kMax : -kMax);
  }
  std::shuffle(values.begin(), values.end(), random);
  return values;
}

ExactSum sum_of(const std::vector<float>& values) {
  ExactSum sum;
  for (const float x : values) sum.add(x);
  return sum;
}

ExactSum squares_of(const std::vector<float>& values) {
  ExactSum sum;
  for (const float x : values) sum.add_square(x);
  return sum;
}

TEST(ExactSum, IsCorrectlyRoundedForEveryFloatAlone) {
  std::mt19937_64 random(1);
  for (int exponent = 0; exponent < 255; ++exponent) {
    for (int i = 0; i < 16; ++i) {
      const uint32_t bits =
          (static_cast<uint32_t>(random()) & 0x807fffff) | (static_cast<uint32_t>(exponent) << 23);
      const float x = std::bit_cast<float>(bits);
      ExactSum sum;
      sum.add(x);
      EXPECT_EQ(sum.value(), double{x});
      ExactSum square;
      square.add_square(x);  // the square of a float has 48 bits, so double has it exactly
      EXPECT_EQ(square.value(), double{x} * double{x});
    }
  }
}

TEST(ExactSum, AgreesWithSchoolbookArithmeticUnderCancellation) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const auto values = adversarial(seed, seed);
    Schoolbook sum;
    Schoolbook squares;
    for (const float x : values) {
      sum.add(x);
      squares.add_square(x);
    }
    EXPECT_EQ(sum_of(values).value(), sum.value()) << "seed " << seed;
    EXPECT_EQ(squares_of(values).value(), squares.value()) << "seed " << seed;
  }
}

TEST(ExactSum, CancelsToExactlyZero) {
  auto values = adversarial(7, 5000);
  const size_t count = values.size();
  for (size_t i = 0; i < count; ++i) values.push_back(-values[i]);
  std::shuffle(values.begin(), values.end(), std::mt19937_64(8));
  EXPECT_EQ(sum_of(values), ExactSum());
  values.push_back(-kTiny);
  EXPECT_EQ(sum_of(values).value(), -double{kTiny});
}

TEST(ExactSum, TiesRoundToEvenAndASingleLowBitDecidesThem) {
  // 2^53 + 1 lies halfway between two doubles.
  ExactSum sum;
  sum.add(std::ldexp(1.0f, 53));
  sum.add(1.0f);
  EXPECT_EQ(sum.value(), 0x1p53);
  ExactSum above = sum;
  above.add(kTiny);
  EXPECT_EQ(above.value(), 0x1p53 + 2);
  ExactSum odd = sum;
  odd.add(2.0f);
  EXPECT_EQ(odd.value(), 0x1p53 + 4);
  odd.add(-kTiny);
  EXPECT_EQ(odd.value(), 0x1p53 + 2);
}

TEST(ExactSum, HasTheSameWordsForAnyOrderAndSplit) {
  auto values = adversarial(3, 4000);
  const ExactSum expected = sum_of(values);
  const ExactSum expected_squares = squares_of(values);
  std::mt19937_64 random(4);
  for (int round = 0; round < 20; ++round) {
    std::shuffle(values.begin(), values.end(), random);
    std::vector<ExactSum> sums(1 + random() % 8);
    std::vector<ExactSum> squares(sums.size());
    for (const float x : values) {
      const size_t part = random() % sums.size();
      sums[part].add(x);
      squares[part].add_square(x);
    }
    for (size_t i = 1; i < sums.size(); ++i) {
      sums[0].merge(sums[i]);
      squares[0].merge(squares[i]);
    }
    EXPECT_EQ(sums[0].words(), expected.words());
    EXPECT_EQ(squares[0].words(), expected_squares.words());
  }
}

TEST(ExactSum, HoldsTwoToThe63LargestTerms) {
  constexpr uint64_t kTerms = uint64_t{1} << 63;
  ExactSum sum;
  sum.add(-kMax, kTerms);
  EXPECT_EQ(sum.value(), -std::ldexp(double{kMax}, 63));
  ExactSum squares;
  squares.add_square(-kMax, kTerms);
  EXPECT_FALSE(squares.is_negative());
  EXPECT_EQ(squares.value(), std::ldexp(double{kMax} * double{kMax}, 63));
}

TEST(ExactSum, AddingManyTimesAtOnceEqualsAddingOneByOne) {
  const auto values = adversarial(5, 300);
  for (const uint64_t times : {uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{97}}) {
    ExactSum at_once;
    ExactSum one_by_one;
    for (const float x : values) {
      at_once.add(x, times);
      at_once.add_square(x, times);
      for (uint64_t i = 0; i < times; ++i) {
        one_by_one.add(x);
        one_by_one.add_square(x);
      }
    }
    EXPECT_EQ(at_once, one_by_one);
  }
}

TEST(ExactSum, AddsScaledIntegers) {
  for (const int64_t value : {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{12345678901}}) {
    for (int exponent = -298; exponent <= 256; exponent += 7) {
      ExactSum sum;
      sum.add_scaled(value, exponent);
      EXPECT_EQ(sum.value(), std::ldexp(static_cast<double>(value), exponent));
    }
  }
  ExactSum sum;
  sum.add_scaled(std::numeric_limits<int64_t>::min(), 256);
  EXPECT_EQ(sum.value(), -std::ldexp(1.0, 319));
}

TEST(ExactSum, NanAndInfinityAddNothing) {
  ExactSum sum;
  for (const float x :
       {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
        std::numeric_limits<float>::quiet_NaN()}) {
    sum.add(x);
    sum.add_square(x);
  }
  EXPECT_EQ(sum, ExactSum());
}

TEST(ExactSum, ComparesAsNumbers) {
  const std::vector<float> ascending = {-kMax, -1.0f, -kTiny, 0.0f, kTiny, 1.0f, kMax};
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(sum_of({ascending[i]}) < sum_of({ascending[j]}), i < j);
    }
  }
}

TEST(ExactSum, WordsGoThereAndBack) {
  const ExactSum sum = sum_of(adversarial(11, 1000));
  EXPECT_EQ(ExactSum::from_words(sum.words()), sum);
}

}  // namespace
}  // namespace zp
