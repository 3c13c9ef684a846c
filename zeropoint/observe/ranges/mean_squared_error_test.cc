#include "zeropoint/observe/ranges/mean_squared_error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "zeropoint/numerics/quantize.h"
#include "zeropoint/observe/ranges/min_max.h"
#include "zeropoint/observe/test_data.h"

namespace zp {
namespace {

Observer observe(std::span<const float> x) {
  Observer observer;
  EXPECT_TRUE(observer.observe(x));
  return observer;
}

// The mean squared error of the data themselves.
double exact_error(const std::vector<float>& x, const QuantParams& params, Convention convention) {
  double sum = 0;
  for (const float value : x) {
    const double error = double{value} - double{fake_quantize(value, params, convention)};
    sum += error * error;
  }
  return sum / static_cast<double>(x.size());
}

Loss exact_loss(const std::vector<float>& x, Convention convention) {
  return [&x, convention](const QuantParams& params, double) -> std::optional<Estimate> {
    const double error = exact_error(x, params, convention);
    return Estimate{error, error, error};
  };
}

TEST(MeanSquaredError, BoundsHoldForTheDataUnderEveryConvention) {
  const std::vector<std::pair<Convention, Scheme>> rules = {
      {Convention::kOnnx, Scheme::kAffine},        {Convention::kOnnx, Scheme::kSymmetric},
      {Convention::kPytorch, Scheme::kAffine},     {Convention::kTflite, Scheme::kAffine},
      {Convention::kTensorrt, Scheme::kSymmetric}, {Convention::kTensorflow, Scheme::kSymmetric}};
  for (const size_t count : std::vector<size_t>{1, 300, 5000}) {
    for (const Sample& sample : sample_distributions(count, 8)) {
      const Observer observer = observe(sample.values);
      const auto buckets = observer.buckets();
      const Range all = *min_max_range(observer);
      for (const auto& [convention, scheme] : rules) {
        for (const IntType type : {IntType::kInt8, IntType::kInt4, IntType::kInt16}) {
          for (const double factor : {1.0, 0.7, 0.25, 0.01}) {
            const ParamOptions options{.convention = convention, .scheme = scheme};
            const auto params = choose_params({all.min * factor, all.max * factor}, type, options);
            ASSERT_TRUE(params);
            const Estimate estimate = squared_error(buckets, *params, convention);
            const double exact = exact_error(sample.values, *params, convention);
            ASSERT_LE(estimate.low, exact) << sample.name << " " << name(convention);
            ASSERT_GE(estimate.high, exact) << sample.name << " " << name(convention);
            ASSERT_LE(estimate.low, estimate.expected * (1 + 1e-9));
            ASSERT_GE(estimate.high, estimate.expected * (1 - 1e-9));
          }
        }
      }
    }
  }
}

TEST(MeanSquaredError, IntegratesABucketAsFinelySpreadValuesAddUp) {
  // Midpoint sums over 2^16 values instead of the antiderivative, for buckets inside one code, over
  // a tie, over many codes, and beyond the ends.
  const QuantParams params{IntType::kUint4, NarrowRange::kNo, 0.5f, 6};  // -3 .. 4.5
  for (const Bucket& bucket : {Bucket{0.1, 0.2, 1}, Bucket{0.2, 0.3, 1}, Bucket{-2.7, 3.3, 1},
                               Bucket{4.4, 7, 1}, Bucket{-30, 50, 1}, Bucket{-9, -8.5, 1}}) {
    constexpr int kSteps = 1 << 16;
    double sum = 0;
    for (int i = 0; i < kSteps; ++i) {
      const double x = bucket.low + (i + 0.5) / kSteps * (bucket.high - bucket.low);
      const double code = std::clamp(std::round(x / 0.5) + 6, 0.0, 15.0);
      sum += std::pow(x - 0.5 * (code - 6), 2);
    }
    const Estimate estimate = squared_error(std::span(&bucket, 1), params, Convention::kOnnx);
    EXPECT_NEAR(estimate.expected, sum / kSteps, 1e-6 * sum / kSteps);
  }
}

// The choice against the best of the same candidates on the data, and the proven bound between
// them.
TEST(MeanSquaredError, LosesNoMoreThanTheBoundToTheBestCandidate) {
  for (const size_t count : std::vector<size_t>{50, 4000}) {
    for (const Sample& sample : sample_distributions(count, 9)) {
      for (const Scheme scheme : {Scheme::kSymmetric, Scheme::kAffine}) {
        for (const IntType type : {IntType::kUint8, IntType::kUint4}) {
          const ParamOptions options{.scheme = scheme};
          const Observer observer = observe(sample.values);
          const auto choice = mean_squared_error_range(observer, type, options);
          ASSERT_TRUE(choice);
          const auto best =
              search_ranges(observer, type, options, exact_loss(sample.values, Convention::kOnnx));
          ASSERT_TRUE(best);
          const double chosen = exact_error(sample.values, choice->params, Convention::kOnnx);
          const std::string what = sample.name + " " + type.name() + " " + std::to_string(count);
          EXPECT_LE(choice->least_possible, best->loss.expected) << what;
          EXPECT_LE(chosen, choice->loss.high) << what;
          EXPECT_LE(chosen - best->loss.expected, choice->loss.high - choice->least_possible)
              << what;
          // What the loss is in fact: docs/observers.md has the table.
          EXPECT_LE(chosen, 1.02 * best->loss.expected + 1e-12) << what;
          EXPECT_EQ(choice->params, *choose_params(choice->range, type, options));
        }
      }
    }
  }
}

TEST(MeanSquaredError, KeepsTheWholeRangeOfWhatQuantizesExactly) {
  std::vector<float> x;
  for (int i = 0; i < 256; ++i) x.insert(x.end(), 10, static_cast<float>(i) * 0.25f);
  const auto choice = mean_squared_error_range(observe(x), IntType::kUint8);
  EXPECT_EQ(choice->range, (Range{0, 63.75}));
  EXPECT_EQ(choice->loss.expected, 0);
}

TEST(MeanSquaredError, ClipsAnOutlierThatCostsMoreThanItIsWorth) {
  // At 4 bits: 10000 values in [-1, 1], one at 20. Covering it costs 10001 * (40/15)^2 / 12 > 5900,
  // clipping it to 1 costs 19^2 = 361.
  std::vector<float> x;
  for (int i = 0; i <= 10000; ++i) x.push_back(static_cast<float>(i) / 5000 - 1);
  x.push_back(20);
  const auto choice =
      mean_squared_error_range(observe(x), IntType::kInt4, {.scheme = Scheme::kSymmetric});
  EXPECT_LT(choice->range.max, 5);
  EXPECT_LT(choice->loss.high * 10002, 1000);
}

TEST(MeanSquaredError, OfZerosIsTheRangeZero) {
  for (const Scheme scheme : {Scheme::kAffine, Scheme::kSymmetric, Scheme::kOneSided}) {
    const auto choice = mean_squared_error_range(observe(std::vector<float>(10)), IntType::kUint8,
                                                 {.scheme = scheme});
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->range, (Range{0, 0}));
    EXPECT_EQ(choice->loss.high, 0);
  }
}

TEST(MeanSquaredError, PassesOnWhatIsWrong) {
  const float inf = std::numeric_limits<float>::infinity();
  const auto nothing = mean_squared_error_range(observe(std::vector<float>{inf}), IntType::kInt8);
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().message,
            "no finite value among 1 elements (0 NaN, 1 infinite): there is no range to choose");
  const auto negative = mean_squared_error_range(observe(std::vector<float>{-1, 2}),
                                                 IntType::kUint8, {.scheme = Scheme::kOneSided});
  ASSERT_FALSE(negative);
  EXPECT_EQ(negative.error().code, ErrorCode::kInvalidArgument);
}

TEST(MeanSquaredError, StaysFiniteAtTheEndsOfFloat) {
  const float max = std::numeric_limits<float>::max();
  const std::vector<float> x = {max, -max, 1, 0x1p-149f};
  for (const Scheme scheme : {Scheme::kAffine, Scheme::kSymmetric}) {
    const auto choice = mean_squared_error_range(observe(x), IntType::kInt8, {.scheme = scheme});
    ASSERT_TRUE(choice);
    EXPECT_TRUE(std::isfinite(choice->loss.high));
  }
  const auto tiny =
      mean_squared_error_range(observe(std::vector<float>{0x1p-149f, -0x1p-140f}), IntType::kInt8);
  ASSERT_TRUE(tiny);
  EXPECT_EQ(tiny->params.scale, 1);
}

}  // namespace
}  // namespace zp
