#include "zeropoint/tuning/gptq.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>

#include "zeropoint/tuning/test_moments.h"

namespace zp {
namespace {

std::vector<int32_t> optimized(const Filters& filters, const std::vector<float>& weights,
                               const CodeGrid& grid, const SecondMoments& moments,
                               const RoundingOptions& options = {}) {
  const auto codes = optimized_codes(filters, weights, grid, moments, options);
  EXPECT_TRUE(codes) << codes.error().message;
  return codes.value_or(std::vector<int32_t>());
}

std::vector<double> errors(const Filters& filters, const std::vector<float>& weights,
                           const std::vector<int32_t>& codes, const CodeGrid& grid,
                           const SecondMoments& moments, MeanError mean = MeanError::kCounts) {
  const auto found = output_errors(filters, weights, codes, grid, moments, mean);
  EXPECT_TRUE(found) << found.error().message;
  return found.value_or(std::vector<double>());
}

double total(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

// round-half-to-even(w / scale) + zero point, saturated, held to the pair limit.
std::vector<int32_t> nearest(const Filters& filters, const std::vector<float>& weights,
                             const CodeGrid& grid) {
  std::vector<int32_t> codes(weights.size());
  for (int64_t o = 0; o < filters.count; ++o) {
    std::vector<int32_t> filter;
    for (int64_t k = 0; k < filters.length; ++k) {
      const auto at =
          static_cast<size_t>(filters.offsets[static_cast<size_t>(o * filters.length + k)]);
      const auto scale = static_cast<size_t>(o * grid.blocks(filters.length) +
                                             (grid.block > 0 ? k / grid.block : 0));
      const int zero_point = grid.zero_points.empty() ? 0 : grid.zero_points[scale];
      const auto code =
          static_cast<int32_t>(std::nearbyint(double{weights[at]} / double{grid.scales[scale]}));
      filter.push_back(std::clamp(code + zero_point, grid.codes.qmin, grid.codes.qmax));
    }
    if (grid.pairs == PairSafety::kHeld) hold_to_pair_limit(filter, filters.pairs);
    for (int64_t k = 0; k < filters.length; ++k) {
      codes[static_cast<size_t>(filters.offsets[static_cast<size_t>(o * filters.length + k)])] =
          filter[static_cast<size_t>(k)];
    }
  }
  return codes;
}

void expect_no_filter_worse(const std::vector<double>& ours, const std::vector<double>& theirs) {
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t o = 0; o < ours.size(); ++o) EXPECT_LE(ours[o], theirs[o] * (1 + 1e-9)) << o;
}

TEST(Gptq, LosesLessThanNearestOnCorrelatedInputs) {
  const Filters filters = matmul_filters(std::vector<int64_t>{24, 16}, Transposed::kNo);
  const auto weights = random_weights(24 * 16, 1);
  const SecondMoments moments = moments_of(correlated_codes(500, 24, 2), 1, 1, 24);
  for (const IntType type : {IntType::kInt8, IntType::kInt4}) {
    const CodeGrid grid = covering_grid(weights, filters, type, PairSafety::kNone);
    const auto rounded = errors(filters, weights, nearest(filters, weights, grid), grid, moments);
    const auto ours =
        errors(filters, weights, optimized(filters, weights, grid, moments), grid, moments);
    expect_no_filter_worse(ours, rounded);
    EXPECT_LT(total(ours), 0.5 * total(rounded));
  }
}

TEST(Gptq, DescentImprovesOnTheOrderAlone) {
  const Filters filters = conv_filters(std::vector<int64_t>{12, 4, 3, 3}, 1);
  const auto weights = random_weights(12 * 36, 3);
  const SecondMoments moments = moments_of(correlated_codes(400, 36, 4), 1, 9, 4);
  const CodeGrid grid = covering_grid(weights, filters, IntType::kInt4, PairSafety::kNone);
  const auto with = [&](int sweeps) {
    return total(
        errors(filters, weights,
               optimized(filters, weights, grid, moments, {.dampening = 1e-6, .sweeps = sweeps}),
               grid, moments));
  };
  EXPECT_LT(with(20), with(0));
}

// The least error over all codes, by trying all.
double least_error(const Filters& filters, const std::vector<float>& weights, const CodeGrid& grid,
                   const SecondMoments& moments) {
  std::vector<int32_t> codes(weights.size(), grid.codes.qmin);
  double least = std::numeric_limits<double>::infinity();
  while (true) {
    least = std::min(least, errors(filters, weights, codes, grid, moments)[0]);
    size_t k = 0;
    while (k < codes.size() && codes[k] == grid.codes.qmax) codes[k++] = grid.codes.qmin;
    if (k == codes.size()) return least;
    ++codes[k];
  }
}

// Of three weights in three bits. Neither method is sure to find the best codes; here they are to
// be found nearly always, and more often than by rounding to nearest.
TEST(Gptq, FindsTheBestCodesOfFewWeights) {
  const Filters filters = matmul_filters(std::vector<int64_t>{3, 1}, Transposed::kNo);
  const IntType type = IntType::make(3, Signedness::kSigned).value();
  int best = 0;
  int best_by_nearest = 0;
  constexpr int kTrials = 60;
  for (unsigned trial = 0; trial < kTrials; ++trial) {
    const auto weights = random_weights(3, 100 + trial);
    const SecondMoments moments = moments_of(correlated_codes(50, 3, 200 + trial), 1, 1, 3);
    CodeGrid grid = covering_grid(weights, filters, type, PairSafety::kNone);
    grid.scales[0] *= 1.3F;  // so that the range does not bind
    const double least = least_error(filters, weights, grid, moments) * (1 + 1e-9);
    const auto error = [&](const std::vector<int32_t>& codes) {
      return errors(filters, weights, codes, grid, moments)[0];
    };
    best += error(optimized(filters, weights, grid, moments, {.dampening = 1e-9})) <= least;
    best_by_nearest += error(nearest(filters, weights, grid)) <= least;
  }
  EXPECT_GE(best, kTrials * 8 / 10);
  EXPECT_LT(best_by_nearest, best);
}

TEST(Gptq, HoldsThePairLimit) {
  // An odd number of channels: elements have up to two partners.
  const Filters filters = conv_filters(std::vector<int64_t>{8, 3, 3, 3}, 1);
  auto weights = random_weights(8 * 27, 5);
  for (float& w : weights) w = std::abs(w) + 0.1F;  // all of one sign: pairs bind
  const SecondMoments moments = moments_of(correlated_codes(300, 27, 6), 1, 9, 3);
  const CodeGrid grid = covering_grid(weights, filters, IntType::kInt8, PairSafety::kHeld);
  const auto codes = optimized(filters, weights, grid, moments);
  int at_limit = 0;
  for (int64_t o = 0; o < filters.count; ++o) {
    const auto code = [&](int32_t k) {
      return codes[static_cast<size_t>(
          filters.offsets[static_cast<size_t>(o * filters.length + k)])];
    };
    for (const auto& [a, b] : filters.pairs) {
      if ((code(a) > 0) != (code(b) > 0)) continue;
      EXPECT_LE(std::abs(code(a) + code(b)), kPairLimit);
      at_limit += std::abs(code(a) + code(b)) == kPairLimit ? 1 : 0;
    }
  }
  EXPECT_GT(at_limit, 0);
  expect_no_filter_worse(errors(filters, weights, codes, grid, moments),
                         errors(filters, weights, nearest(filters, weights, grid), grid, moments));
}

TEST(Gptq, TakesGroupsAndDepthwiseFilters) {
  for (const int64_t channels : {1, 2}) {
    constexpr int64_t kGroups = 5;
    const Filters filters =
        conv_filters(std::vector<int64_t>{2 * kGroups, channels, 3, 3}, kGroups);
    const auto weights = random_weights(2 * kGroups * channels * 9, 7);
    const SecondMoments moments =
        moments_of(correlated_codes(200, kGroups * channels * 9, 8), kGroups, 9, channels);
    const CodeGrid grid = covering_grid(weights, filters, IntType::kInt8, PairSafety::kHeld);
    const auto ours =
        errors(filters, weights, optimized(filters, weights, grid, moments), grid, moments);
    const auto rounded = errors(filters, weights, nearest(filters, weights, grid), grid, moments);
    expect_no_filter_worse(ours, rounded);
    EXPECT_LT(total(ours), 0.9 * total(rounded));
  }
}

// Unsigned codes of 4 bits, a scale and a zero point for each block of 8 rows.
TEST(Gptq, TakesBlocksWithZeroPoints) {
  const Filters filters = matmul_filters(std::vector<int64_t>{20, 6}, Transposed::kNo);
  const auto weights = random_weights(20 * 6, 9);
  const SecondMoments moments = moments_of(correlated_codes(300, 20, 10), 1, 1, 20);
  CodeGrid grid;
  grid.codes = {0, 15};
  grid.block = 8;
  for (int i = 0; i < 6 * 3; ++i) {
    grid.scales.push_back(0.03F + 0.001F * static_cast<float>(i));
    grid.zero_points.push_back(6 + i % 4);
  }
  const auto codes = optimized(filters, weights, grid, moments);
  for (const int32_t code : codes) {
    EXPECT_GE(code, 0);
    EXPECT_LE(code, 15);
  }
  const auto ours = errors(filters, weights, codes, grid, moments);
  const auto rounded = errors(filters, weights, nearest(filters, weights, grid), grid, moments);
  expect_no_filter_worse(ours, rounded);
  EXPECT_LT(total(ours), 0.5 * total(rounded));
}

// With the bias taking up the mean, only the variance of the error counts: d^T (H - n m m^T) d.
TEST(Gptq, LeavesOutTheMeanWhereItIsCorrected) {
  const Filters filters = matmul_filters(std::vector<int64_t>{16, 200}, Transposed::kNo);
  const auto weights = random_weights(16 * 200, 11);
  const SecondMoments moments = moments_of(correlated_codes(300, 16, 12), 1, 1, 16);
  const CodeGrid grid = covering_grid(weights, filters, IntType::kInt4, PairSafety::kNone);
  const auto error = [&](MeanError mean) {
    const auto codes = optimized(filters, weights, grid, moments, {.mean = mean});
    return total(errors(filters, weights, codes, grid, moments, MeanError::kCorrected));
  };
  EXPECT_LT(error(MeanError::kCorrected), error(MeanError::kCounts));
}

TEST(Gptq, RoundsToNearestWithoutAnyInput) {
  const Filters filters = matmul_filters(std::vector<int64_t>{4, 3}, Transposed::kYes);
  const auto weights = random_weights(12, 13);
  const SecondMoments moments = SecondMoments::zeros({1, 255}, 1, 3, MomentsKind::kInput);
  const CodeGrid grid = covering_grid(weights, filters, IntType::kInt8, PairSafety::kNone);
  EXPECT_EQ(optimized(filters, weights, grid, moments), nearest(filters, weights, grid));
}

TEST(Gptq, RefusesWhatDoesNotFit) {
  const Filters filters = matmul_filters(std::vector<int64_t>{3, 4}, Transposed::kNo);
  auto weights = random_weights(12, 14);
  const SecondMoments moments = moments_of(correlated_codes(9, 3, 1), 1, 1, 3);
  CodeGrid grid = covering_grid(weights, filters, IntType::kInt8, PairSafety::kNone);
  EXPECT_TRUE(optimized_codes(filters, weights, grid, moments));
  weights[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(optimized_codes(filters, weights, grid, moments));
  weights[5] = 0;
  grid.scales.pop_back();
  EXPECT_FALSE(optimized_codes(filters, weights, grid, moments));
  EXPECT_FALSE(optimized_codes(filters, weights, grid, moments_of({1, 2}, 1, 1, 2)));
}

}  // namespace
}  // namespace zp
