#include "zeropoint/tuning/error_correction.h"

#include <gmock/gmock.h>

#include "zeropoint/tuning/test_moments.h"

namespace zp {
namespace {

std::vector<float> corrected(const Filters& filters, const std::vector<float>& weights,
                             const SecondMoments& moments, const CorrectionOptions& options) {
  const auto found = error_correcting_weights(filters, weights, moments, options);
  EXPECT_TRUE(found) << found.error().message;
  return found.value_or(std::vector<float>());
}

// x_float = A x with A = I + 1/8 (each element gets an eighth of the one before it): then W' = W A.
TEST(ErrorCorrection, FindsTheMixingThatTheInputWentThrough) {
  constexpr int64_t kLength = 6;
  const auto codes = correlated_codes(200, kLength, 1);
  std::vector<float> float_values(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) {
    float_values[i] = codes[i] + (i % kLength > 0 ? codes[i - 1] / 8 : 0);
  }
  const SecondMoments moments = moments_of(codes, 1, 1, kLength, float_values);
  const Filters filters = matmul_filters(std::vector<int64_t>{4, kLength}, Transposed::kYes);
  const auto weights = random_weights(4 * kLength, 2);
  const auto found = corrected(filters, weights, moments, {.ridge = 1e-12});
  for (size_t i = 0; i < weights.size(); ++i) {
    const float after = i % kLength + 1 < kLength ? weights[i + 1] / 8 : 0;
    EXPECT_NEAR(found[i], weights[i] + after, 1e-6) << i;
  }
}

// A constant error is the bias's: with the mean left out nothing is to be corrected.
TEST(ErrorCorrection, LeavesAMeanToTheBias) {
  const auto codes = correlated_codes(100, 8, 3);
  std::vector<float> float_values = codes;
  for (float& x : float_values) x += 3.5F;
  const SecondMoments moments = moments_of(codes, 2, 4, 1, float_values);
  const Filters filters = conv_filters(std::vector<int64_t>{2, 1, 2, 2}, 2);
  const auto weights = random_weights(8, 4);
  const auto found =
      corrected(filters, weights, moments, {.ridge = 0.1, .mean = MeanError::kCorrected});
  for (size_t i = 0; i < weights.size(); ++i) EXPECT_NEAR(found[i], weights[i], 1e-7);
  const auto with_mean = corrected(filters, weights, moments, {.ridge = 0.1});
  EXPECT_NE(with_mean, found);
}

// Where ridge is, the change is the smaller: one weight, W' - W = w C / (H (1 + ridge)).
TEST(ErrorCorrection, IsHeldBackByTheRidge) {
  const std::vector<float> codes{10, 20, -30};
  const std::vector<float> float_values{11, 22, -33};
  const SecondMoments moments = moments_of(codes, 1, 1, 1, float_values);
  const Filters filters = matmul_filters(std::vector<int64_t>{1, 1}, Transposed::kNo);
  EXPECT_NEAR(corrected(filters, {2}, moments, {.ridge = 0})[0], 2.2, 1e-6);
  EXPECT_NEAR(corrected(filters, {2}, moments, {.ridge = 1})[0], 2.1, 1e-6);
}

TEST(ErrorCorrection, LeavesWeightsWithoutInputAlone) {
  const SecondMoments moments = SecondMoments::zeros({1, 255}, 1, 3, MomentsKind::kWithFloatInput);
  const Filters filters = matmul_filters(std::vector<int64_t>{3, 2}, Transposed::kNo);
  const auto weights = random_weights(6, 5);
  EXPECT_EQ(corrected(filters, weights, moments, {}), weights);
}

TEST(ErrorCorrection, NeedsTheFloatModelsInput) {
  const SecondMoments moments = moments_of({1, 2}, 1, 1, 2);
  const Filters filters = matmul_filters(std::vector<int64_t>{2, 1}, Transposed::kNo);
  const auto found = error_correcting_weights(filters, std::vector<float>{1, 2}, moments);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "the second moments know nothing of the float model's input");
}

}  // namespace
}  // namespace zp
