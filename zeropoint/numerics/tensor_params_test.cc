#include "zeropoint/numerics/tensor_params.h"

#include <gtest/gtest.h>

#include <vector>

#include "zeropoint/numerics/test_params.h"

namespace zp {
namespace {

using Shape = std::vector<int64_t>;

// int8 parameters with a scale of its own for each slice.
TensorParams params_for(const Layout& layout) {
  TensorParams params{layout, IntType::kInt8, NarrowRange::kNo, {}, {}};
  for (int64_t i = 0; i < layout.params_count(); ++i) {
    params.scales.push_back(0.25f * static_cast<float>(i + 1));
    params.zero_points.push_back(static_cast<int32_t>(i % 7) - 3);
  }
  return params;
}

std::vector<Layout> layouts_of(const Shape& shape) {
  std::vector<Layout> layouts{*Layout::per_tensor(shape)};
  for (int64_t axis = 0; axis < static_cast<int64_t>(shape.size()); ++axis) {
    layouts.push_back(*Layout::per_axis(shape, axis));
    layouts.push_back(*Layout::per_block(shape, axis, 2));
  }
  return layouts;
}

TEST(TensorQuantize, GivesEachElementTheParametersOfItsSlice) {
  std::mt19937 random(1);
  for (const Layout& layout : layouts_of({4, 6, 2})) {
    const TensorParams params = params_for(layout);
    const auto count = static_cast<size_t>(layout.element_count());
    std::vector<float> x(count);
    for (float& value : x) value = random_float(random, -4, 6);
    std::vector<int32_t> codes(count);
    std::vector<float> y(count);
    std::vector<float> fake(count);
    for (const Convention convention :
         {Convention::kOnnx, Convention::kPytorch, Convention::kTflite}) {
      ASSERT_TRUE(quantize(x, codes, params, convention));
      ASSERT_TRUE(dequantize(codes, y, params));
      ASSERT_TRUE(fake_quantize(x, fake, params, convention));
      size_t i = 0;
      for (int64_t o = 0; o < layout.outer; ++o) {
        for (int64_t a = 0; a < layout.axis_size; ++a) {
          for (int64_t n = 0; n < layout.inner; ++n, ++i) {
            const QuantParams own = params.at(layout.params_index(o, a, n));
            ASSERT_EQ(codes[i], quantize(x[i], own, convention));
            ASSERT_EQ(y[i], dequantize(codes[i], own));
            ASSERT_EQ(fake[i], y[i]);
          }
        }
      }
    }
  }
}

// y = saturate(round(x / scale) + zero_point) of two rows, by hand.
TEST(TensorQuantize, PerAxisByHand) {
  const TensorParams params{
      *Layout::per_axis(Shape{2, 3}, 0), IntType::kUint8, {}, {2, 4}, {10, 0}};
  const std::vector<float> x{-30, 5, 600, -30, 6, 600};
  std::vector<int32_t> codes(6);
  ASSERT_TRUE(quantize(x, codes, params));
  // 5/2 = 2.5 to the even 2; 6/4 = 1.5 to the even 2.
  EXPECT_EQ(codes, (std::vector<int32_t>{0, 12, 255, 0, 2, 150}));
}

TEST(TensorQuantize, RefusesSpansThatAreNotTheTensor) {
  const TensorParams params = params_for(*Layout::per_axis(Shape{2, 3}, 1));
  std::vector<float> five(5);
  std::vector<float> six(6);
  std::vector<int32_t> codes_five(5);
  std::vector<int32_t> codes_six(6);
  EXPECT_EQ(quantize(six, codes_five, params).error().message,
            "quantize: 6 input elements, but room for 5 output elements");
  EXPECT_EQ(quantize(five, codes_five, params).error().message,
            "quantize: 5 elements given for a layout of 6");
  EXPECT_EQ(dequantize(codes_five, five, params).error().message,
            "dequantize: 5 elements given for a layout of 6");
  EXPECT_EQ(dequantize(codes_six, five, params).error().message,
            "dequantize: 6 input elements, but room for 5 output elements");
  EXPECT_EQ(fake_quantize(five, five, params).error().message,
            "fake_quantize: 5 elements given for a layout of 6");
}

TEST(TensorQuantize, ACodeOutsideTheTypeIsRefusedWithItsIndexInTheTensor) {
  for (const Layout& layout : layouts_of({2, 4})) {
    std::vector<int32_t> codes(8);
    codes[5] = 128;
    std::vector<float> y(8);
    EXPECT_EQ(dequantize(codes, y, params_for(layout)).error().message,
              "dequantize: code 128 at index 5 is not one of int8");
  }
}

TEST(CheckTensorParams, CountsAndNamesTheSlice) {
  const auto message = [](const TensorParams& params, Convention convention) {
    const Status status = check(params, convention);
    return status ? "accepted" : status.error().message;
  };
  TensorParams params = params_for(*Layout::per_axis(Shape{2, 3}, 1));
  EXPECT_EQ(message(params, Convention::kOnnx), "accepted");
  EXPECT_EQ(message(params, Convention::kTensorrt),
            "channel 0: convention tensorrt: expected a signed type with zero point 0, got int8 "
            "with -3");
  params.scales[2] = 0;
  EXPECT_EQ(message(params, Convention::kOnnx),
            "channel 2: scale 0: expected a positive finite number");
  params.zero_points.pop_back();
  EXPECT_EQ(message(params, Convention::kOnnx),
            "quantization parameters: expected 3 scales and zero points, got 3 and 2");

  TensorParams blocked = params_for(*Layout::per_block(Shape{2, 4}, 1, 2));
  blocked.zero_points[3] = 200;
  EXPECT_EQ(message(blocked, Convention::kOnnx),
            "block 3: zero point 200: expected a code of int8 in [-128, 127]");
  TensorParams whole = params_for(*Layout::per_tensor(Shape{2, 4}));
  whole.scales[0] = -1;
  EXPECT_EQ(message(whole, Convention::kOnnx),
            "tensor: scale -1: expected a positive finite number");
  blocked.layout.block_size = 0;
  EXPECT_EQ(message(blocked, Convention::kOnnx),
            "block size 0: expected a divisor of the 4 elements of the axis");
}

TEST(ChooseTensorParams, ChoosesForEachSlice) {
  const std::vector<Range> ranges{{-20, 1000}, {0, 0}, {-1, 2}};
  const auto params =
      choose_tensor_params(*Layout::per_axis(Shape{3, 5}, 0), ranges, IntType::kUint8);
  ASSERT_TRUE(params) << params.error().message;
  for (size_t i = 0; i < ranges.size(); ++i) {
    EXPECT_EQ(params->at(static_cast<int64_t>(i)), choose_params(ranges[i], IntType::kUint8));
  }
  EXPECT_TRUE(check(*params));
}

TEST(ChooseTensorParams, TakesTheConventionsNarrowRange) {
  const std::vector<Range> ranges{{-1, 1}};
  const auto params =
      choose_tensor_params(*Layout::per_tensor(Shape{3}), ranges, IntType::kUint8,
                           {Convention::kTensorflow, Scheme::kSymmetric, NarrowRange::kNo, {}, {}});
  EXPECT_EQ(params->narrow, NarrowRange::kYes);
}

TEST(ChooseTensorParams, RefusesAndNamesTheSlice) {
  const Layout layout = *Layout::per_axis(Shape{2, 5}, 0);
  const std::vector<Range> reversed{{-1, 1}, {3, 2}};
  EXPECT_EQ(choose_tensor_params(layout, reversed, IntType::kUint8).error().message,
            "channel 1: range [3, 2]: reversed, expected min <= max");
  const std::vector<Range> three(3);
  EXPECT_EQ(choose_tensor_params(layout, three, IntType::kUint8).error().message,
            "expected 2 ranges, one for each scale, got 3");
}

}  // namespace
}  // namespace zp
