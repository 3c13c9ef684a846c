#include "zeropoint/observe/ranges/percentile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "zeropoint/observe/ranges/min_max.h"
#include "zeropoint/observe/test_data.h"

namespace zp {
namespace {

Observer observe(std::span<const float> x) {
  Observer observer;
  EXPECT_TRUE(observer.observe(x));
  return observer;
}

// The definition, on the sorted data.
double exact_quantile(const std::vector<float>& sorted, double p) {
  const auto n = static_cast<double>(sorted.size());
  const double rank = std::clamp(std::ceil(p * n), 1.0, n);
  return double{sorted[static_cast<size_t>(rank) - 1]};
}

void expect_encloses(const Quantile& found, double exact, const std::string& what) {
  EXPECT_LE(found.low, exact) << what;
  EXPECT_GE(found.high, exact) << what;
  EXPECT_LE(found.low, found.value) << what;
  EXPECT_GE(found.high, found.value) << what;
  EXPECT_LE(found.high - found.low, std::max(0x1p-7 * std::abs(found.value), 0x1p-133)) << what;
}

TEST(Percentile, QuantilesLieWithinABucketOfTheExactOnes) {
  for (const size_t count : std::vector<size_t>{1, 2, 7, 1000, 3000, 50000}) {
    for (const Sample& sample : sample_distributions(count, 5)) {
      const Observer observer = observe(sample.values);
      auto sorted = sample.values;
      std::sort(sorted.begin(), sorted.end());
      auto magnitudes = sample.values;
      for (float& value : magnitudes) value = std::abs(value);
      std::sort(magnitudes.begin(), magnitudes.end());
      for (const double p :
           {0.0, 1e-5, 0.0005, 0.01, 0.1, 0.25, 0.5, 0.7, 0.9, 0.999, 0.9999, 1.0}) {
        const std::string what =
            sample.name + " " + std::to_string(count) + " " + std::to_string(p);
        expect_encloses(*quantile(observer, p), exact_quantile(sorted, p), what);
        expect_encloses(*magnitude_quantile(observer, p), exact_quantile(magnitudes, p), what);
      }
    }
  }
}

TEST(Percentile, IsExactWhileTheDistributionIs) {
  for (const Sample& sample : sample_distributions(1000, 6)) {
    const Observer observer = observe(sample.values);
    ASSERT_TRUE(observer.distribution().is_exact());
    auto sorted = sample.values;
    std::sort(sorted.begin(), sorted.end());
    for (const double p : {0.003, 0.5, 0.9, 0.9995}) {
      EXPECT_EQ(quantile(observer, p)->value, exact_quantile(sorted, p)) << sample.name;
    }
  }
}

TEST(Percentile, HundredIsTheMinimumAndMaximum) {
  for (const size_t count : std::vector<size_t>{5, 40000}) {
    for (const Sample& sample : sample_distributions(count, 7)) {
      const Observer observer = observe(sample.values);
      for (const Tails tails : {Tails::kTwoSided, Tails::kByMagnitude}) {
        EXPECT_EQ(*percentile_range(observer, 100, tails), *min_max_range(observer)) << sample.name;
      }
    }
  }
}

TEST(Percentile, RangesAreThoseOfTheQuantiles) {
  // 1 .. 1000, each once: value k has rank k, and one percent is five values at each end.
  std::vector<float> x;
  for (int i = 1; i <= 1000; ++i) x.push_back(static_cast<float>(i));
  EXPECT_EQ(*percentile_range(observe(x), 99, Tails::kTwoSided), (Range{6, 995}));
  EXPECT_EQ(*percentile_range(observe(x), 99, Tails::kByMagnitude), (Range{1, 990}));
  // -1000 .. -1 and 1 .. 10: the largest magnitudes are all on one side.
  for (float& value : x) value = -value;
  for (int i = 1; i <= 10; ++i) x.push_back(static_cast<float>(i));
  EXPECT_EQ(*percentile_range(observe(x), 50, Tails::kByMagnitude), (Range{-495, 10}));
}

TEST(Percentile, OfZerosIsZero) {
  const std::vector<float> zeros(100, -0.0f);
  for (const Tails tails : {Tails::kTwoSided, Tails::kByMagnitude}) {
    EXPECT_EQ(*percentile_range(observe(zeros), 99.9, tails), (Range{0, 0}));
  }
}

TEST(Percentile, RefusesWhatHasNoMeaning) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  const Observer nothing = observe(std::vector<float>{nan, inf, nan});
  const auto range = percentile_range(nothing, 99, Tails::kTwoSided);
  ASSERT_FALSE(range);
  EXPECT_EQ(range.error().code, ErrorCode::kInvalidData);
  EXPECT_EQ(range.error().message,
            "no finite value among 3 elements (2 NaN, 1 infinite): there is no range to choose");
  EXPECT_FALSE(min_max_range(Observer()));
  EXPECT_FALSE(magnitude_quantile(nothing, 0.5));

  const Observer one = observe(std::vector<float>{1});
  EXPECT_EQ(percentile_range(one, 0, Tails::kTwoSided).error().message,
            "percentile 0: expected more than 0 and at most 100");
  EXPECT_FALSE(percentile_range(one, 100.5, Tails::kTwoSided));
  EXPECT_FALSE(percentile_range(one, std::nan(""), Tails::kByMagnitude));
  EXPECT_EQ(quantile(one, -0.5).error().message, "quantile of order -0.5: expected 0 to 1");
}

}  // namespace
}  // namespace zp
