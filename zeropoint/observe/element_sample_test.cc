#include "zeropoint/observe/element_sample.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace zp {
namespace {

TEST(ElementSample, TakesAllOfASmallTensor) {
  EXPECT_EQ(sampled_positions({1, 16, 512}), 512);
  EXPECT_EQ(sampled_positions({8192, 1, 1}), 8192);
  EXPECT_EQ(sampled_positions({200, 4096, 1}), 200);  // many channels, few positions
  EXPECT_EQ(sampled_positions({0, 3, 10}), 0);
}

TEST(ElementSample, TakesAboutSoManyElementsOfALargeOne) {
  EXPECT_EQ(sampled_positions({1, 1, 1000000}), kMostElements - 1);
  EXPECT_EQ(sampled_positions({1, 16, 25600}), kMostElements / 16 - 1);
  EXPECT_EQ(sampled_positions({25600, 64, 1}), kFewestPositions);
  EXPECT_EQ(sampled_positions({2, 3, 5000}), kMostElements / 3 - 1);
}

// Element (o, c, i) is its own number.
std::vector<float> numbered(const AxisSplit& split) {
  std::vector<float> x(static_cast<size_t>(split.outer * split.axis * split.inner));
  std::iota(x.begin(), x.end(), 0.0F);
  return x;
}

TEST(ElementSample, TakesOnePositionOfEachPart) {
  for (const AxisSplit& split : {AxisSplit{50, 6, 1}, {1, 6, 50}, {5, 6, 10}, {300, 1, 1}}) {
    const auto x = numbered(split);
    const int64_t all = split.outer * split.inner;
    for (const int64_t n : {int64_t{1}, int64_t{7}, int64_t{49}, all}) {
      std::vector<float> room;
      const auto sample = sample_elements(x, split, n, room);
      ASSERT_EQ(sample.size(), static_cast<size_t>(n * split.axis));
      for (int64_t k = 0; k < n; ++k) {
        // Element (o, c, i) is number (o * axis + c) * inner + i.
        const auto first = static_cast<int64_t>(sample[static_cast<size_t>(k)]);
        const int64_t position =
            first / (split.axis * split.inner) * split.inner + first % split.inner;
        EXPECT_GE(position, k * all / n);
        EXPECT_LT(position, k * all / n + all / n);
        for (int64_t c = 0; c < split.axis; ++c) {
          ASSERT_EQ(sample[static_cast<size_t>(c * n + k)],
                    static_cast<float>(first + c * split.inner));
        }
      }
    }
  }
}

// Neither every second one of a chessboard nor a few columns of a picture only.
TEST(ElementSample, DoesNotKeepStepWithTheRowsOfAPicture) {
  for (const int64_t side : {32, 64, 80, 160, 320, 416}) {
    for (const int64_t channels : {1, 3, 16, 64}) {
      const AxisSplit split{side * side, channels, 1};
      std::vector<float> x(static_cast<size_t>(side * side * channels));
      for (size_t i = 0; i < x.size(); ++i) {
        x[i] = static_cast<float>(i / static_cast<size_t>(channels));
      }
      const int64_t n = sampled_positions(split);
      std::vector<float> room;
      const auto sample = sample_elements(x, split, n, room);
      std::vector<int64_t> columns(8);  // an eighth of the width each
      int64_t even = 0;
      for (const float value : sample.first(static_cast<size_t>(n))) {
        const auto position = static_cast<int64_t>(value);
        ++columns[static_cast<size_t>(position % side * 8 / side)];
        even += (position % side + position / side) % 2 == 0;
      }
      SCOPED_TRACE(testing::Message() << side << " x " << side << ", " << channels);
      for (const int64_t count : columns) {
        EXPECT_GE(count, n / 16);
        EXPECT_LE(count, n / 16 * 3);
      }
      EXPECT_GE(even, n * 2 / 5);
      EXPECT_LE(even, n * 3 / 5);
    }
  }
}

}  // namespace
}  // namespace zp
