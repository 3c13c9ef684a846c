#include "zeropoint/tuning/scale_search.h"

#include <gmock/gmock.h>

#include <numeric>

#include "zeropoint/plan/planned_codes.h"
#include "zeropoint/tuning/gptq.h"
#include "zeropoint/tuning/test_moments.h"

namespace zp {
namespace {

using ::testing::ElementsAre;

const std::vector<int64_t> kDims{10, 4, 3, 3};

std::vector<float> searched(const Filters& filters, const std::vector<float>& weights,
                            const SecondMoments& moments, const ScaleSearchOptions& options) {
  const auto scales = search_scales(filters, weights, moments, options);
  EXPECT_TRUE(scales) << scales.error().message;
  return scales.value_or(std::vector<float>());
}

// Of codes as the plan's own function makes them.
std::vector<double> errors(const Filters& filters, const std::vector<float>& weights,
                           const std::vector<float>& scales, IntType type, PairSafety pairs,
                           const SecondMoments& moments, MeanError mean) {
  WeightPlan plan;
  plan.type = type;
  plan.scales = scales;
  if (scales.size() > 1) plan.axis = 0;
  plan.pair_safe = pairs == PairSafety::kHeld;
  if (!type.is_signed()) plan.zero_points.assign(scales.size(), type.middle());
  const auto tensor = Tensor::of<float>(Shape::make(kDims).value(), weights).value();
  const auto codes = planned_codes(tensor, plan, &filters);
  EXPECT_TRUE(codes) << codes.error().message;
  return output_errors(filters, weights, *codes, grid_of(plan, filters).value(), moments, mean)
      .value();
}

TEST(ScaleSearch, IsNeverWorseThanTheScaleThatCovers) {
  const Filters filters = conv_filters(kDims, 1);
  const auto weights = random_weights(360, 1);
  const SecondMoments moments = moments_of(correlated_codes(400, 36, 2), 1, 9, 4);
  for (const IntType type : {IntType::kInt8, IntType::kInt4, IntType::kUint8}) {
    for (const PairSafety pairs : {PairSafety::kNone, PairSafety::kHeld}) {
      for (const MeanError mean : {MeanError::kCounts, MeanError::kCorrected}) {
        if (pairs == PairSafety::kHeld && type != IntType::kInt8) continue;
        // Unsigned codes around 128 reach as far as signed ones.
        const IntType signed_type = type == IntType::kUint8 ? IntType::kInt8 : type;
        const std::vector<float> scales =
            covering_grid(weights, filters, signed_type, pairs).scales;
        const auto chosen =
            searched(filters, weights, moments, {.type = type, .pairs = pairs, .mean = mean});
        const auto ours = errors(filters, weights, chosen, type, pairs, moments, mean);
        const auto theirs = errors(filters, weights, scales, type, pairs, moments, mean);
        double sum = 0;
        double sum_of_theirs = 0;
        for (size_t o = 0; o < ours.size(); ++o) {
          EXPECT_LE(ours[o], theirs[o]) << type.name() << ", filter " << o;
          sum += ours[o];
          sum_of_theirs += theirs[o];
        }
        if (type == IntType::kInt4) {
          EXPECT_LT(sum, sum_of_theirs);
        }
      }
    }
  }
}

// What GPTQ then makes of the scales, at 4 bits, against those found for rounding to nearest and
// those that cover.
TEST(ScaleSearch, FindsScalesForGptq) {
  const Filters filters = conv_filters(kDims, 1);
  const auto weights = random_weights(360, 9);
  const SecondMoments moments = moments_of(correlated_codes(400, 36, 10), 1, 9, 4);
  const auto error = [&](const std::vector<float>& scales) {
    CodeGrid grid = covering_grid(weights, filters, IntType::kInt4, PairSafety::kNone);
    grid.scales = scales;
    const auto codes = optimized_codes(filters, weights, grid, moments, {.sweeps = 0}).value();
    const auto all =
        output_errors(filters, weights, codes, grid, moments, MeanError::kCounts).value();
    return std::accumulate(all.begin(), all.end(), 0.0);
  };
  const auto searched_for = [&](ScaleRounding rounding) {
    return error(searched(filters, weights, moments,
                          {.type = IntType::kInt4, .rounding = rounding, .narrowest = 0.4}));
  };
  const double ours = searched_for(ScaleRounding::kGptq);
  EXPECT_LT(ours, searched_for(ScaleRounding::kNearest));
  EXPECT_LT(ours, error(covering_grid(weights, filters, IntType::kInt4, PairSafety::kNone).scales));
}

TEST(ScaleSearch, FindsOneScaleForAll) {
  const Filters filters = conv_filters(kDims, 2);
  const auto weights = random_weights(360, 3);
  const SecondMoments moments = moments_of(correlated_codes(300, 72, 4), 2, 9, 4);
  const auto chosen =
      searched(filters, weights, moments, {.type = IntType::kInt4, .share = ScaleShare::kTensor});
  ASSERT_EQ(chosen.size(), 1U);
  const auto sum = [&](float scale) {
    const auto all = errors(filters, weights, {scale}, IntType::kInt4, PairSafety::kNone, moments,
                            MeanError::kCounts);
    return std::accumulate(all.begin(), all.end(), 0.0);
  };
  float covering = 0;
  for (const float w : weights) covering = std::max(covering, std::abs(w) / 7);
  EXPECT_LE(sum(chosen[0]), sum(covering));
  EXPECT_GE(chosen[0], 0.699F * covering);
}

// Blocks of a filter are searched one by one: as filters of their own with their part of H.
TEST(ScaleSearch, FindsAScaleForEachBlock) {
  const Filters rows = matmul_filters(std::vector<int64_t>{2, 20}, Transposed::kYes);
  const auto weights = random_weights(40, 5);
  const auto codes = correlated_codes(200, 20, 6);
  const SecondMoments moments = moments_of(codes, 1, 1, 20);
  const auto chosen = searched(rows, weights, moments,
                               {.type = IntType::kInt4, .share = ScaleShare::kBlock, .block = 8});
  ASSERT_EQ(chosen.size(), 6U);
  const Filters part = matmul_filters(std::vector<int64_t>{1, 8}, Transposed::kYes);
  for (size_t o = 0; o < 2; ++o) {
    for (size_t b = 0; b < 2; ++b) {
      std::vector<float> block_codes;
      for (size_t r = 0; r < 200; ++r) {
        for (size_t k = 0; k < 8; ++k) block_codes.push_back(codes[r * 20 + b * 8 + k]);
      }
      const std::vector<float> some(weights.begin() + static_cast<int64_t>(o * 20 + b * 8),
                                    weights.begin() + static_cast<int64_t>(o * 20 + b * 8 + 8));
      EXPECT_THAT(searched(part, some, moments_of(block_codes, 1, 1, 8), {.type = IntType::kInt4}),
                  ElementsAre(chosen[o * 3 + b]));
    }
  }
}

TEST(ScaleSearch, KeepsRoomForTheBias) {
  const Filters filters = conv_filters(kDims, 1);
  const auto weights = random_weights(360, 7);
  const SecondMoments moments = moments_of(correlated_codes(100, 36, 8), 1, 9, 4);
  // |bias| / (input scale * 2^24) = 0.5.
  std::vector<float> bias(10, 0.0F);
  bias[3] = -0.25F * 16777216;
  const auto least = least_scales(bias, 0.5F);
  EXPECT_EQ(least[3], 0.5);
  const auto chosen = searched(filters, weights, moments, {.least = least});
  EXPECT_EQ(chosen[3], 0.5F);
  EXPECT_LT(chosen[2], 0.01F);
}

TEST(ScaleSearch, GivesAFilterOfZerosTheLeastScaleOrOne) {
  const Filters filters = matmul_filters(std::vector<int64_t>{3, 2}, Transposed::kNo);
  const std::vector<float> weights(6);
  const SecondMoments moments = moments_of({1, 2, 3}, 1, 1, 3);
  EXPECT_THAT(searched(filters, weights, moments, {}), ElementsAre(1, 1));
  EXPECT_THAT(searched(filters, weights, moments, {.least = {0, 0.25}}), ElementsAre(1, 0.25F));
}

}  // namespace
}  // namespace zp
