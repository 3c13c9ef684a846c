#include "zeropoint/plan/pairs.h"

#include <gmock/gmock.h>

#include <array>

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// A weight [1, 2, 1, 2]: in the order (kh, kw, cin) its elements are 0, 2, 1, 3.
TEST(ConvFilters, AreOrderedByTapThenChannel) {
  const Filters filters = conv_filters(std::array<int64_t, 4>{1, 2, 1, 2}, 1);
  EXPECT_EQ(filters.length, 4);
  EXPECT_THAT(filters.offsets, ElementsAre(0, 2, 1, 3));
  EXPECT_THAT(filters.pairs, ElementsAre(Pair(0, 1), Pair(2, 3)));
}

// With 3 channels and 2 taps ONNX Runtime pairs (0,1) (2,3) (4,5), OpenVINO (0,1) in each tap: that
// of the second tap is (3,4).
TEST(ConvFilters, AnOddNumberOfChannelsHasThePairsOfBothRuntimes) {
  const Filters filters = conv_filters(std::array<int64_t, 4>{1, 3, 1, 2}, 1);
  EXPECT_THAT(filters.pairs, ElementsAre(Pair(0, 1), Pair(2, 3), Pair(4, 5), Pair(3, 4)));
}

TEST(ConvFilters, DepthwiseConvolutionsHaveNoPairs) {
  EXPECT_THAT(conv_filters(std::array<int64_t, 4>{8, 1, 3, 3}, 8).pairs, IsEmpty());
}

TEST(MatmulFilters, RunAlongTheSummedDimension) {
  const std::array<int64_t, 2> dims{2, 3};
  EXPECT_THAT(matmul_filters(dims, Transposed::kNo).offsets, ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(matmul_filters(dims, Transposed::kYes).offsets, ElementsAre(0, 1, 2, 3, 4, 5));
}

// 255 * 128 = 32640 fits 16 bits, 255 * 129 = 32895 does not.
TEST(HoldToPairLimit, LowersTheLargerOfTwoCodesOfOneSign) {
  const std::array<std::pair<int32_t, int32_t>, 3> pairs{{{0, 1}, {2, 3}, {4, 5}}};
  std::array<int32_t, 6> codes{127, 10, -100, -100, 127, -127};
  hold_to_pair_limit(codes, pairs);
  EXPECT_THAT(codes, ElementsAre(118, 10, -64, -64, 127, -127));
}

}  // namespace
}  // namespace zp
