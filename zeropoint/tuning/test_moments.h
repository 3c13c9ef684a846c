// Inputs and weights for tests of methods that work on second moments.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "zeropoint/plan/pairs.h"
#include "zeropoint/tuning/code_grid.h"
#include "zeropoint/tuning/second_moments.h"

namespace zp {

// Codes with neighbours that go together (a moving average over four random numbers) and a mean,
// [rows, width].
inline std::vector<float> correlated_codes(int64_t rows, int64_t width, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> codes;
  for (int64_t r = 0; r < rows; ++r) {
    std::vector<float> noise(static_cast<size_t>(width) + 3);
    for (float& x : noise) x = normal(random);
    for (size_t k = 0; k + 3 < noise.size(); ++k) {
      const float x = 40 + 25 * (noise[k] + noise[k + 1] + noise[k + 2] + noise[k + 3]);
      codes.push_back(std::clamp(std::nearbyint(x), -100.0F, 155.0F));
    }
  }
  return codes;
}

// Of rows [taps, groups * channels].
inline SecondMoments moments_of(const std::vector<float>& codes, int64_t groups, int64_t taps,
                                int64_t channels, const std::vector<float>& float_values = {}) {
  MomentsSum sum({1, 255}, groups, taps * channels,
                 float_values.empty() ? MomentsKind::kInput : MomentsKind::kWithFloatInput);
  const auto rows = static_cast<int64_t>(codes.size()) / (groups * taps * channels);
  const Status status = sum.add({rows, taps, channels, codes, float_values});
  EXPECT_TRUE(status) << status.error().message;
  return sum.take();
}

inline std::vector<float> random_weights(int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.1F);
  std::vector<float> weights(static_cast<size_t>(count));
  for (float& w : weights) w = normal(random);
  return weights;
}

// Covering scales: max |w| / qmax for each filter.
inline CodeGrid covering_grid(const std::vector<float>& weights, const Filters& filters,
                              IntType type, PairSafety pairs) {
  CodeGrid grid;
  grid.codes = type.codes(NarrowRange::kYes);
  grid.pairs = pairs;
  for (int64_t o = 0; o < filters.count; ++o) {
    float largest = 0;
    for (int64_t k = 0; k < filters.length; ++k) {
      const int64_t at = filters.offsets[static_cast<size_t>(o * filters.length + k)];
      largest = std::max(largest, std::abs(weights[static_cast<size_t>(at)]));
    }
    grid.scales.push_back(largest / static_cast<float>(grid.codes.qmax));
  }
  return grid;
}

}  // namespace zp
