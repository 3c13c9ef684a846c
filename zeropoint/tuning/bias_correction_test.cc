#include "zeropoint/tuning/bias_correction.h"

#include <gmock/gmock.h>

#include "zeropoint/tuning/test_moments.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;

const Filters kFilters = matmul_filters(std::vector<int64_t>{2, 2}, Transposed::kYes);
const std::vector<float> kWeights{0.52F, -0.24F, 1.0F, 0.1F};
const std::vector<int32_t> kCodes{5, -2, 10, 1};

CodeGrid grid() {
  CodeGrid grid;
  grid.codes = {-127, 127};
  grid.scales = {0.1F, 0.1F};
  return grid;
}

SecondMoments moments(const std::vector<float>& values, const std::vector<float>& float_values) {
  MomentsSum sum({0.5, 255}, 1, 2,
                 float_values.empty() ? MomentsKind::kInput : MomentsKind::kWithFloatInput);
  EXPECT_TRUE(sum.add({2, 1, 2, values, float_values}));
  return sum.take();
}

// Rows (1, 2) and (3, 4): means 2 and 3. 0.02 * 2 - 0.04 * 3 = -0.08; the second filter is exact.
TEST(BiasCorrection, TakesUpWhatRoundingTheWeightsDoesToTheMean) {
  const auto found = bias_correction(kFilters, kWeights, kCodes, grid(), moments({1, 2, 3, 4}, {}));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(*found, ElementsAre(FloatNear(-0.08F, 1e-6F), FloatNear(0, 1e-6F)));
}

// In the float model the first input is 0.25 more: 0.52 * 0.25 and 1.0 * 0.25 on top.
TEST(BiasCorrection, TakesUpTheMeanErrorOfTheInput) {
  const auto found = bias_correction(kFilters, kWeights, kCodes, grid(),
                                     moments({1, 2, 3, 4}, {1.25F, 2, 3.25F, 4}));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(*found, ElementsAre(FloatNear(0.05F, 1e-6F), FloatNear(0.25F, 1e-6F)));
}

// Codes around 128, and groups that read inputs of their own.
TEST(BiasCorrection, TakesZeroPointsAndGroups) {
  const Filters filters = conv_filters(std::vector<int64_t>{2, 1, 2}, 2);
  CodeGrid unsigned_grid = grid();
  unsigned_grid.codes = {0, 255};
  unsigned_grid.zero_points = {128, 128};
  std::vector<int32_t> codes = kCodes;
  for (int32_t& code : codes) code += 128;
  // One row of two taps and two channels: the groups read (1, 3) and (2, 4).
  MomentsSum sum({1, 255}, 2, 2, MomentsKind::kInput);
  ASSERT_TRUE(sum.add({1, 2, 1, std::vector<float>{1, 2, 3, 4}, {}}));
  const auto found = bias_correction(filters, kWeights, codes, unsigned_grid, sum.take());
  ASSERT_TRUE(found) << found.error().message;
  // 0.02 * 1 - 0.04 * 3
  EXPECT_THAT(*found, ElementsAre(FloatNear(-0.1F, 1e-6F), FloatNear(0, 1e-6F)));
}

TEST(BiasCorrection, RefusesWhatDoesNotFit) {
  const SecondMoments some = moments({1, 2, 3, 4}, {});
  EXPECT_FALSE(bias_correction(kFilters, kWeights, std::vector<int32_t>{1}, grid(), some));
  EXPECT_FALSE(bias_correction(kFilters, std::vector<float>{1}, kCodes, grid(), some));
}

}  // namespace
}  // namespace zp
