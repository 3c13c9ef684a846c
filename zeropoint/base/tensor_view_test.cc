#include "zeropoint/base/tensor_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace zp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();

TEST(Shape, CountsItsElements) {
  const Shape shape = Shape::make({2, 3, 4}).value();
  EXPECT_EQ(shape.rank(), 3);
  EXPECT_EQ(shape.element_count(), 24);
  EXPECT_THAT(shape.dims(), ElementsAre(2, 3, 4));
  EXPECT_EQ(shape.to_string(), "[2, 3, 4]");
}

TEST(Shape, OfRankZeroHasOneElement) {
  EXPECT_EQ(Shape().element_count(), 1);
  EXPECT_EQ(Shape(), Shape::make({}).value());
  EXPECT_EQ(Shape().to_string(), "[]");
}

TEST(Shape, WithAZeroDimensionHasNoElements) {
  EXPECT_EQ(Shape::make({2, 0, 4})->element_count(), 0);
}

TEST(Shape, HoldsAsManyElementsAs64BitsCount) {
  EXPECT_EQ(Shape::make({kHuge})->element_count(), kHuge);
}

TEST(Shape, RefusesANegativeDimension) {
  EXPECT_EQ(Shape::make({2, -1}).error().message,
            "shape [2, -1]: a dimension is -1, expected 0 or more");
}

TEST(Shape, RefusesMoreElementsThan64BitsCount) {
  const auto shape = Shape::make({int64_t{1} << 32, int64_t{1} << 31});
  ASSERT_FALSE(shape);
  EXPECT_EQ(shape.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(shape.error().message, HasSubstr("[4294967296, 2147483648]"));
}

TEST(Shape, RefusesDimensionsThatOverflowBesideAZero) {
  EXPECT_FALSE(Shape::make({0, kHuge, kHuge}));
  EXPECT_FALSE(Shape::make({kHuge, kHuge, 0}));
}

TEST(TensorView, SeesTheElementsItWasGiven) {
  std::array<float, 6> data = {1, 2, 3, 4, 5, 6};
  const auto view = TensorView<float>::make(data, Shape::make({2, 3}).value()).value();
  view.data()[5] = 7;
  EXPECT_EQ(data[5], 7);
  const TensorView<const float> constant = view;
  EXPECT_EQ(constant.data().data(), data.data());
  EXPECT_EQ(constant.shape(), view.shape());
}

TEST(TensorView, RefusesAnotherNumberOfElements) {
  std::array<float, 5> data = {};
  const auto view = TensorView<float>::make(data, Shape::make({2, 3}).value());
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().message, "tensor of shape [2, 3]: 5 elements given, expected 6");
}

TEST(Axis, CountsFromTheEndWhenNegative) {
  EXPECT_EQ(normalize_axis(0, 3), 0);
  EXPECT_EQ(normalize_axis(2, 3), 2);
  EXPECT_EQ(normalize_axis(-1, 3), 2);
  EXPECT_EQ(normalize_axis(-3, 3), 0);
}

TEST(Axis, OutsideTheRankIsAnErrorThatNamesBoth) {
  EXPECT_EQ(normalize_axis(3, 3).error().message,
            "axis 3: outside a tensor of rank 3, expected -3 to 2");
  EXPECT_EQ(normalize_axis(-4, 3).error().message,
            "axis -4: outside a tensor of rank 3, expected -3 to 2");
  EXPECT_EQ(normalize_axis(0, 0).error().message, "axis 0: a tensor of rank 0 has no axis");
  EXPECT_FALSE(normalize_axis(std::numeric_limits<int64_t>::min(), 3));
}

TEST(AxisSplit, SeparatesWhatLiesBeforeAndAfterTheAxis) {
  const Shape shape = Shape::make({2, 3, 4, 5}).value();
  EXPECT_EQ(split_at_axis(shape, 0), (AxisSplit{.outer = 1, .axis = 2, .inner = 60}));
  EXPECT_EQ(split_at_axis(shape, 1), (AxisSplit{.outer = 2, .axis = 3, .inner = 20}));
  EXPECT_EQ(split_at_axis(shape, -1), (AxisSplit{.outer = 24, .axis = 5, .inner = 1}));
  EXPECT_FALSE(split_at_axis(shape, 4));
}

}  // namespace
}  // namespace zp
