#include "zeropoint/evaluate/paired_difference.h"

#include <gtest/gtest.h>

#include <cmath>

namespace zp {
namespace {

TEST(DifferenceInterval, IsWhatTheFormulaGives) {
  // n + 2 = 100, p1 = 9/100, p2 = 4/100: d = -0.05, variance (0.13 - 0.0025) / 100.
  const Interval interval = difference_interval({98, 8, 3});
  EXPECT_NEAR(interval.low, -0.05 - 1.959964 * std::sqrt(0.001275), 1e-9);
  EXPECT_NEAR(interval.high, -0.05 + 1.959964 * std::sqrt(0.001275), 1e-9);
}

TEST(DifferenceInterval, HasWidthWhereTheTwoNeverDiffered) {
  // p1 = p2 = 1/402.
  const Interval interval = difference_interval({400, 0, 0});
  EXPECT_NEAR(interval.high, 1.959964 * std::sqrt(2.0 / 402 / 402), 1e-9);
  EXPECT_EQ(interval.low, -interval.high);
}

TEST(DifferenceInterval, StaysWithinWhatADifferenceCanBe) {
  EXPECT_EQ(difference_interval({3, 3, 0}).low, -1);
  EXPECT_EQ(difference_interval({3, 0, 3}).high, 1);
}

double multinomial(int64_t n, int64_t a, int64_t b, double p, double q) {
  const auto term = [](int64_t count, double probability) {
    const auto x = static_cast<double>(count);
    return (count == 0 ? 0 : x * std::log(probability)) - std::lgamma(x + 1);
  };
  return std::exp(std::lgamma(static_cast<double>(n) + 1) + term(a, p) + term(b, q) +
                  term(n - a - b, 1 - p - q));
}

// Every outcome of n samples, weighed by how likely it is.
TEST(DifferenceInterval, HoldsTheTrueDifferenceAsOftenAsPromised) {
  for (const int64_t n : {10, 25, 50}) {
    for (const double p : {0.001, 0.01, 0.05, 0.1, 0.3}) {
      for (const double q : {0.001, 0.01, 0.05, 0.1, 0.3}) {
        double held = 0;
        for (int64_t a = 0; a <= n; ++a) {
          for (int64_t b = 0; a + b <= n; ++b) {
            const Interval interval = difference_interval({n, a, b});
            if (interval.low <= q - p && q - p <= interval.high) held += multinomial(n, a, b, p, q);
          }
        }
        EXPECT_GE(held, 0.94) << n << " " << p << " " << q;
      }
    }
  }
}

TEST(McnemarP, IsTheBinomialTail) {
  EXPECT_DOUBLE_EQ(mcnemar_p({100, 0, 0}), 1);
  EXPECT_NEAR(mcnemar_p({100, 5, 0}), 2 / 32.0, 1e-12);
  EXPECT_NEAR(mcnemar_p({100, 1, 5}), 2 * (1 + 6) / 64.0, 1e-12);
  EXPECT_DOUBLE_EQ(mcnemar_p({100, 4, 4}), 1);
  EXPECT_NEAR(mcnemar_p({10000, 3000, 3000}), 1, 1e-9);
}

}  // namespace
}  // namespace zp
