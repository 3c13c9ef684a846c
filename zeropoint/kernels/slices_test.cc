#include "zeropoint/kernels/slices.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "zeropoint/kernels/test_samples.h"
#include "zeropoint/kernels/test_targets.h"

namespace zp::kernels {
namespace {

class Slices : public OnEachTarget {};
INSTANTIATE_ON_EACH_TARGET(Slices);

// Channels first and last, few and many, longer than a gathered run and shorter; blocks of
// neighbours and of rows.
std::vector<Layout> layouts() {
  const std::vector<int64_t> image{3, 5, 700};
  const std::vector<int64_t> rows{40, 37};
  const std::vector<int64_t> matrix{64, 48};
  return {*Layout::per_tensor(image),       *Layout::per_axis(image, 1),
          *Layout::per_axis(rows, 1),       *Layout::per_axis(rows, 0),
          *Layout::per_block(matrix, 1, 8), *Layout::per_block(matrix, 0, 32),
          *Layout::per_block(image, 1, 5)};
}

std::vector<float> shuffled_floats(int64_t count) {
  auto x = stratified_floats(11);
  std::shuffle(x.begin(), x.end(), std::mt19937(12));
  x.resize(static_cast<size_t>(count));
  return x;
}

// Every slice's elements, element by element by Layout's own numbering.
std::vector<std::vector<float>> by_slice(std::span<const float> x, const Layout& layout) {
  std::vector<std::vector<float>> slices(static_cast<size_t>(layout.params_count()));
  size_t i = 0;
  for (int64_t o = 0; o < layout.outer; ++o) {
    for (int64_t a = 0; a < layout.axis_size; ++a) {
      for (int64_t n = 0; n < layout.inner; ++n) {
        slices[static_cast<size_t>(layout.params_index(o, a, n))].push_back(x[i++]);
      }
    }
  }
  return slices;
}

TEST_P(Slices, EachHasTheStatisticsOfItsElementsAlone) {
  for (const Layout& layout : layouts()) {
    const auto x = shuffled_floats(layout.element_count());
    const auto expected = by_slice(x, layout);
    const auto extremes = min_max(x, layout);
    ASSERT_TRUE(extremes);
    std::vector<Moments> moments(expected.size());
    ASSERT_TRUE(add_moments(x, layout, moments));
    ASSERT_EQ(extremes->size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      MinMax own;
      Moments own_moments;
      for (const float value : expected[i]) {
        own.add(value);
        if (!std::isfinite(value)) continue;
        own_moments.sum.add(value);
        own_moments.sum_of_squares.add_square(value);
      }
      ASSERT_EQ((*extremes)[i], own) << i;
      ASSERT_EQ(moments[i], own_moments) << i;
    }
  }
}

TEST_P(Slices, EachHasTheHistogramOfItsElementsAlone) {
  const Layout layout = *Layout::per_axis(std::vector<int64_t>{3, 5, 700}, 1);
  const auto x = shuffled_floats(layout.element_count());
  const auto expected = by_slice(x, layout);
  std::vector<HistogramTable> tables(expected.size());
  ASSERT_TRUE(add_histograms(x, layout, tables));
  for (size_t i = 0; i < expected.size(); ++i) {
    std::vector<uint64_t> counts(65536);
    for (const float value : expected[i]) ++counts[std::bit_cast<uint32_t>(value) >> 16];
    for (size_t key = 0; key < counts.size(); ++key) {
      ASSERT_EQ(tables[i].count(static_cast<uint16_t>(key)), counts[key]) << i << ", " << key;
    }
  }
}

TEST(SlicesErrors, SayWhichNumbersDoNotAgree) {
  const Layout layout = *Layout::per_axis(std::vector<int64_t>{2, 3}, 1);
  EXPECT_EQ(min_max(std::vector<float>(5), layout).error().message,
            "min_max: 5 elements given for a layout of 6");
  std::vector<Moments> moments(2);
  EXPECT_EQ(add_moments(std::vector<float>(6), layout, moments).error().message,
            "add_moments: 2 results given for a layout of 3 slices");
}

}  // namespace
}  // namespace zp::kernels
