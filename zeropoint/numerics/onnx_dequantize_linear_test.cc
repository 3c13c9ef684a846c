#include "zeropoint/numerics/onnx_dequantize_linear.h"

#include <gmock/gmock.h>

#include "zeropoint/numerics/onnx_test_tensors.h"

namespace zp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(DequantizeLinear, SubtractsTheZeroPointAndMultiplies) {
  const OnnxTensor x = codes(ElementType::kUint8, {3}, {0, 128, 255});
  const OnnxTensor zero_point = codes(ElementType::kUint8, {}, {128});
  EXPECT_THAT(numbers(dequantize_linear(x, scalar(0.5f), &zero_point)), ElementsAre(-64, 0, 63.5));
  EXPECT_THAT(numbers(dequantize_linear(x, scalar(0.5f), nullptr)), ElementsAre(0, 64, 127.5));
}

TEST(DequantizeLinear, TakesAScaleForEachIndexOfTheAxisOrEachBlock) {
  const OnnxTensor x = codes(ElementType::kInt4, {2, 2}, {1, 2, 3, -4});
  EXPECT_THAT(numbers(dequantize_linear(x, floats({2}, {1, 10}), nullptr, {.axis = 0})),
              ElementsAre(1, 2, 30, -40));
  EXPECT_THAT(
      numbers(dequantize_linear(x, floats({1, 2}, {1, 10}), nullptr, {.axis = 0, .block_size = 2})),
      ElementsAre(1, 20, 3, -40));
}

TEST(DequantizeLinear, HasTheTypeOfTheScaleUnlessAskedForAnother) {
  const OnnxTensor x = codes(ElementType::kInt8, {1}, {3});
  const OnnxTensor scale = scalar(0.5f, ElementType::kFloat16);
  EXPECT_EQ(dequantize_linear(x, scale, nullptr)->type(), ElementType::kFloat16);
  const auto y = dequantize_linear(x, scale, nullptr, {.output_dtype = ElementType::kBfloat16});
  EXPECT_EQ(y->type(), ElementType::kBfloat16);
  EXPECT_THAT(numbers(y), ElementsAre(1.5));
}

// float32(0.1f16) * 2051 = 205.05005 rounds to 205 in float16 (spacing 0.125); 2051 alone would
// round to 2052 there, and the product then be 205.125.
TEST(DequantizeLinear, RoundsTheProductAndNotTheCodes) {
  const OnnxTensor x = codes(ElementType::kUint16, {1}, {2051});
  EXPECT_THAT(numbers(dequantize_linear(x, scalar(0.1f, ElementType::kFloat16), nullptr)),
              ElementsAre(205));
}

TEST(DequantizeLinear, TakesTheBiasTypeInt32) {
  const OnnxTensor x = codes(ElementType::kInt32, {2}, {16777217, -3});
  EXPECT_THAT(numbers(dequantize_linear(x, scalar(1), nullptr)), ElementsAre(16777216, -3));
}

TEST(DequantizeLinear, TakesSmallFloatsAndPowerOfTwoScales) {
  const OnnxTensor x = values(ElementType::kFloat4e2m1, {3}, {0.5f, -6, 3});
  const OnnxTensor scale = scalar(4, ElementType::kFloat8e8m0);
  EXPECT_THAT(numbers(dequantize_linear(x, scale, nullptr, {.output_dtype = ElementType::kFloat})),
              ElementsAre(2, -24, 12));
}

TEST(DequantizeLinear, RefusesAndSaysWhatAndWhere) {
  const OnnxTensor x = codes(ElementType::kInt32, {2}, {1, 2});
  const OnnxTensor one = codes(ElementType::kInt32, {}, {1});
  EXPECT_EQ(message(dequantize_linear(x, scalar(1), &one)),
            "DequantizeLinear: zero point 1 at index 0: expected 0, as for every int32");
  EXPECT_THAT(message(dequantize_linear(floats({1}, {1}), scalar(1), nullptr)),
              HasSubstr("x of type float"));
  EXPECT_THAT(message(dequantize_linear(x, scalar(1, ElementType::kFloat8e8m0), nullptr)),
              HasSubstr("output of type float8e8m0"));
  EXPECT_THAT(message(dequantize_linear(x, one, nullptr)), HasSubstr("scale of type int32"));
  const OnnxTensor other = codes(ElementType::kInt8, {}, {0});
  EXPECT_THAT(message(dequantize_linear(x, scalar(1), &other)),
              HasSubstr("zero point of type int8: expected int32"));
  const OnnxTensor fp8 = values(ElementType::kFloat8e5m2, {2}, {1, 1});
  const OnnxTensor fp8_one = values(ElementType::kFloat8e5m2, {}, {1});
  EXPECT_THAT(message(dequantize_linear(fp8, scalar(1), &fp8_one)), HasSubstr("expected 0"));
}

}  // namespace
}  // namespace zp
