#include "zeropoint/numerics/layout.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <numeric>
#include <vector>

namespace zp {
namespace {

using Shape = std::vector<int64_t>;

int64_t product(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

// The position of `index` in a row-major tensor of `shape`.
int64_t row_major(const Shape& index, const Shape& shape) {
  int64_t position = 0;
  for (size_t i = 0; i < shape.size(); ++i) position = position * shape[i] + index[i];
  return position;
}

// The next index of `shape` in row-major order; false after the last.
bool advance(Shape& index, const Shape& shape) {
  for (size_t i = shape.size(); i-- > 0;) {
    if (++index[i] < shape[i]) return true;
    index[i] = 0;
  }
  return false;
}

// For each element in memory order, which element of ONNX's scale tensor belongs to it.
// `scale_index` turns the element's index into that of its scale.
std::vector<int64_t> scales_of_elements(const Shape& shape, const Shape& scale_shape,
                                        const std::function<Shape(Shape)>& scale_index) {
  std::vector<int64_t> scales;
  if (product(shape) == 0) return scales;
  Shape index(shape.size(), 0);
  do {
    scales.push_back(row_major(scale_index(index), scale_shape));
  } while (advance(index, shape));
  return scales;
}

void expect_layout(const Layout& layout, const std::vector<int64_t>& expected, int64_t scales) {
  ASSERT_TRUE(check(layout));
  ASSERT_EQ(layout.element_count(), static_cast<int64_t>(expected.size()));
  ASSERT_EQ(layout.params_count(), scales);
  size_t element = 0;
  for (int64_t o = 0; o < layout.outer; ++o) {
    for (int64_t a = 0; a < layout.axis_size; ++a) {
      for (int64_t n = 0; n < layout.inner; ++n) {
        ASSERT_EQ(layout.params_index(o, a, n), expected[element]) << element;
        ++element;
      }
    }
  }
  int64_t next = 0;
  for_each_run(layout, [&](const Run& run) {
    ASSERT_EQ(run.offset, next);
    ASSERT_GE(run.count, 1);
    for (int64_t i = 0; i < run.count; ++i) {
      ASSERT_EQ(run.params_index + i * run.params_stride,
                expected[static_cast<size_t>(run.offset + i)])
          << run.offset + i;
    }
    next += run.count;
  });
  ASSERT_EQ(next, layout.element_count());
}

std::vector<Shape> small_shapes() {
  std::vector<Shape> shapes;
  for (int64_t a = 0; a <= 6; ++a) {
    shapes.push_back({a});
    for (int64_t b = 0; b <= 4; ++b) {
      shapes.push_back({a, b});
      for (int64_t c = 0; c <= 4; ++c) {
        shapes.push_back({a, b, c});
        shapes.push_back({a, b, 2, c});
      }
    }
  }
  return shapes;
}

TEST(Layout, PerTensorHasOneScale) {
  for (const Shape& shape : small_shapes()) {
    expect_layout(*Layout::per_tensor(shape),
                  scales_of_elements(shape, {}, [](const Shape&) { return Shape{}; }), 1);
  }
  expect_layout(*Layout::per_tensor(Shape{}), {0}, 1);
}

TEST(Layout, PerAxisHasTheScaleOfTheIndexOnTheAxis) {
  for (const Shape& shape : small_shapes()) {
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      SCOPED_TRACE(fmt::format("{} axis {}", testing::PrintToString(shape), axis));
      const auto expected = scales_of_elements(
          shape, {shape[axis]}, [&](const Shape& index) { return Shape{index[axis]}; });
      const auto signed_axis = static_cast<int64_t>(axis);
      expect_layout(*Layout::per_axis(shape, signed_axis), expected, shape[axis]);
      expect_layout(*Layout::per_axis(shape, signed_axis - static_cast<int64_t>(shape.size())),
                    expected, shape[axis]);
    }
  }
}

// QuantizeLinear: the scale's shape is the input's but for the axis, which has one for each block.
TEST(Layout, PerBlockHasTheScaleOfTheIndexWithTheAxisDivided) {
  for (const Shape& shape : small_shapes()) {
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      for (int64_t block = 1; block <= std::max<int64_t>(shape[axis], 1); ++block) {
        if (shape[axis] % block != 0) continue;
        SCOPED_TRACE(
            fmt::format("{} axis {} block {}", testing::PrintToString(shape), axis, block));
        Shape scale_shape = shape;
        scale_shape[axis] /= block;
        const auto expected = scales_of_elements(shape, scale_shape, [&](Shape index) {
          index[axis] /= block;
          return index;
        });
        expect_layout(*Layout::per_block(shape, static_cast<int64_t>(axis), block), expected,
                      product(scale_shape));
      }
    }
  }
}

TEST(Layout, RunsAreAsLongAsTheParametersAllow) {
  const auto count_runs = [](const Layout& layout) {
    int64_t runs = 0;
    for_each_run(layout, [&](const auto&) { ++runs; });
    return runs;
  };
  const Shape shape{4, 6, 5};
  EXPECT_EQ(count_runs(*Layout::per_tensor(shape)), 1);
  EXPECT_EQ(count_runs(*Layout::per_axis(shape, 1)), 24);
  EXPECT_EQ(count_runs(*Layout::per_axis(shape, 2)), 24);
  EXPECT_EQ(count_runs(*Layout::per_axis(shape, 0)), 4);
  EXPECT_EQ(count_runs(*Layout::per_block(Shape{4, 30}, 1, 10)), 12);
}

TEST(Layout, AnEmptyTensorHasNoRunsHoweverLongItsOtherSides) {
  constexpr int64_t kHuge = int64_t{1} << 40;
  for (const Shape& shape : {Shape{kHuge, 3, 0}, Shape{0, 3, kHuge}}) {
    for_each_run(*Layout::per_axis(shape, 1), [](const auto&) { FAIL(); });
    for_each_run(*Layout::per_tensor(shape), [](const auto&) { FAIL(); });
    for_each_run(*Layout::per_block(shape, 1, 3), [](const auto&) { FAIL(); });
  }
}

TEST(Layout, RefusesAnAxisThatTheTensorLacks) {
  const Shape shape{2, 3};
  EXPECT_EQ(Layout::per_axis(shape, 2).error().message,
            "axis 2: outside a tensor of rank 2, expected -2 to 1");
  EXPECT_EQ(Layout::per_axis(shape, -3).error().message,
            "axis -3: outside a tensor of rank 2, expected -2 to 1");
  EXPECT_EQ(Layout::per_block(shape, 5, 1).error().message,
            "axis 5: outside a tensor of rank 2, expected -2 to 1");
  EXPECT_FALSE(Layout::per_axis(shape, std::numeric_limits<int64_t>::max()));
  EXPECT_FALSE(Layout::per_axis(shape, std::numeric_limits<int64_t>::min()));
  EXPECT_EQ(Layout::per_axis({}, 0).error().message, "axis 0: a tensor of rank 0 has no axis");
}

TEST(Layout, RefusesABlockThatDoesNotDivideTheAxis) {
  const Shape shape{2, 10};
  for (const int64_t block : {-5, 0, 3, 20}) {
    EXPECT_EQ(Layout::per_block(shape, 1, block).error().message,
              fmt::format("block size {}: expected a divisor of the 10 elements of axis 1 of shape "
                          "[2, 10]",
                          block));
  }
}

TEST(Layout, RefusesImpossibleShapes) {
  constexpr int64_t kHuge = int64_t{1} << 40;
  EXPECT_EQ(Layout::per_tensor(Shape{2, -1}).error().message,
            "shape [2, -1]: a dimension is -1, expected 0 or more");
  EXPECT_EQ(Layout::per_axis(Shape{kHuge, kHuge}, 0).error().message,
            "shape [1099511627776, 1099511627776]: its number of elements does not fit 64 bits, "
            "expected at most 2^63 - 1");
  // Also where a 0 hides the overflow of the others.
  EXPECT_FALSE(Layout::per_axis(Shape{0, kHuge, kHuge}, 0));
  EXPECT_FALSE(Layout::per_axis(Shape{kHuge, kHuge, 0}, 2));
}

TEST(Layout, OneMadeByHandIsChecked) {
  EXPECT_TRUE(check(Layout{}));
  EXPECT_TRUE(check(Layout{Granularity::kPerBlock, 2, 6, 4, 3}));
  EXPECT_EQ(check(Layout{Granularity::kPerBlock, 2, 6, 4, 0}).error().message,
            "block size 0: expected a divisor of the 6 elements of the axis");
  EXPECT_EQ(check(Layout{Granularity::kPerBlock, 2, 6, 4, 4}).error().message,
            "block size 4: expected a divisor of the 6 elements of the axis");
  EXPECT_EQ(check(Layout{Granularity::kPerAxis, 2, -6, 4, 0}).error().message,
            "shape [2, -6, 4]: a dimension is -6, expected 0 or more");
}

}  // namespace
}  // namespace zp
