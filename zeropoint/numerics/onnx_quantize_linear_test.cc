#include "zeropoint/numerics/onnx_quantize_linear.h"

#include <gmock/gmock.h>

#include <limits>

#include "zeropoint/numerics/onnx_test_tensors.h"

namespace zp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(QuantizeLinear, RoundsTiesToEvenBeforeItAddsTheZeroPoint) {
  const OnnxTensor zero_point = codes(ElementType::kUint8, {}, {3});
  const OnnxTensor x = floats({5}, {1, 3, -1, 1000, -1000});
  EXPECT_THAT(numbers(quantize_linear(x, scalar(2), &zero_point)), ElementsAre(3, 5, 3, 255, 0));
}

TEST(QuantizeLinear, IsUint8WithoutZeroPointAndOutputType) {
  const auto y = quantize_linear(floats({1}, {7}), scalar(1), nullptr);
  EXPECT_EQ(y->type(), ElementType::kUint8);
}

// ONNX Runtime's rule. ONNX's own reference evaluator gives 0 for 3e9 (an int32 that overflows);
// tests/conformance/peers_test.py holds that disagreement against both.
TEST(QuantizeLinear, SaturatesWhateverIsBeyondInt32AndGivesNanTheLowestCode) {
  const OnnxTensor x = floats({5}, {3e9f, -3e9f, kInfinity, -kInfinity, kNan});
  EXPECT_THAT(numbers(quantize_linear(x, scalar(1), nullptr)), ElementsAre(255, 0, 255, 0, 0));
  EXPECT_THAT(numbers(quantize_linear(x, scalar(1), nullptr, {.output_dtype = ElementType::kInt4})),
              ElementsAre(7, -8, 7, -8, -8));
}

TEST(QuantizeLinear, TakesAScaleForEachIndexOfTheAxis) {
  const OnnxTensor x = floats({2, 3}, {10, 10, 10, 20, 20, 20});
  const OnnxTensor scale = floats({3}, {1, 2, 5});
  const OnnxTensor zero_point = codes(ElementType::kInt8, {3}, {0, 1, -2});
  EXPECT_THAT(numbers(quantize_linear(x, scale, &zero_point)), ElementsAre(10, 6, 0, 20, 11, 2));
  EXPECT_THAT(numbers(quantize_linear(x, floats({2}, {1, 2}), nullptr, {.axis = -2})),
              ElementsAre(10, 10, 10, 10, 10, 10));
}

TEST(QuantizeLinear, TakesAScaleForEachBlock) {
  const OnnxTensor x = floats({2, 4}, {8, 8, 8, 8, 4, 4, 4, 4});
  const OnnxTensor along_rows = floats({2, 2}, {1, 2, 4, 1});
  EXPECT_THAT(numbers(quantize_linear(x, along_rows, nullptr, {.axis = 1, .block_size = 2})),
              ElementsAre(8, 8, 4, 4, 1, 1, 4, 4));
  const OnnxTensor along_columns = floats({1, 4}, {1, 2, 4, 8});
  EXPECT_THAT(numbers(quantize_linear(x, along_columns, nullptr, {.axis = 0, .block_size = 2})),
              ElementsAre(8, 4, 2, 1, 4, 2, 1, 0));
}

// 12345 and 3.7 in float16 are 12344 and 3.69921875. Their quotient 3336.9166 lies between the
// float16 numbers 3336 and 3338 and is nearer to the former; in float32 it rounds to 3337.
TEST(QuantizeLinear, DividesInThePrecisionOfTheScale) {
  const OnnxTensor x = floats({1}, {12345});
  const QuantizeLinearOptions uint16{.output_dtype = ElementType::kUint16};
  EXPECT_THAT(numbers(quantize_linear(x, scalar(3.7f, ElementType::kFloat16), nullptr, uint16)),
              ElementsAre(3336));
  EXPECT_THAT(numbers(quantize_linear(x, scalar(3.7f), nullptr, uint16)), ElementsAre(3336));
  EXPECT_THAT(numbers(quantize_linear(x, scalar(3.69921875f), nullptr, uint16)), ElementsAre(3337));
}

TEST(QuantizeLinear, DividesInThePrecisionAskedFor) {
  const OnnxTensor x = floats({1}, {10001});
  const auto with_precision = [&](std::optional<ElementType> precision) {
    return numbers(quantize_linear(x, scalar(1), nullptr,
                                   {.precision = precision, .output_dtype = ElementType::kUint16}));
  };
  EXPECT_THAT(with_precision(std::nullopt), ElementsAre(10001));
  EXPECT_THAT(with_precision(ElementType::kFloat16), ElementsAre(10000));  // spacing 8
  EXPECT_THAT(with_precision(ElementType::kBfloat16), ElementsAre(9984));  // spacing 64
}

TEST(QuantizeLinear, DividesIntegersToo) {
  const OnnxTensor x = codes(ElementType::kInt32, {3}, {5, 7, -2147483647});
  EXPECT_THAT(numbers(quantize_linear(x, scalar(2), nullptr)), ElementsAre(2, 4, 0));
  const OnnxTensor scale = codes(ElementType::kInt32, {}, {2});
  EXPECT_THAT(numbers(quantize_linear(x, scale, nullptr)), ElementsAre(2, 4, 0));
  // The quotient is just below 127.5; in float32 both operands would round, and it be above.
  const OnnxTensor big = codes(ElementType::kInt32, {1}, {2139095167});
  const OnnxTensor big_scale = codes(ElementType::kInt32, {}, {16777217});
  EXPECT_THAT(numbers(quantize_linear(big, big_scale, nullptr)), ElementsAre(127));
}

TEST(QuantizeLinear, TakesPowersOfTwoAsFloat8e8m0) {
  const OnnxTensor x = floats({4}, {3, 5, 100, -3});
  const OnnxTensor scale = scalar(2, ElementType::kFloat8e8m0);
  EXPECT_THAT(numbers(quantize_linear(x, scale, nullptr, {.output_dtype = ElementType::kInt4})),
              ElementsAre(2, 2, 7, -2));
}

TEST(QuantizeLinear, FindsTheNearestSmallFloat) {
  const OnnxTensor x = floats({4}, {1, 1000, -5, kInfinity});
  EXPECT_THAT(
      numbers(quantize_linear(x, scalar(2), nullptr, {.output_dtype = ElementType::kFloat4e2m1})),
      ElementsAre(0.5, 6, -2, 6));
  EXPECT_THAT(
      numbers(quantize_linear(x, scalar(2), nullptr, {.output_dtype = ElementType::kFloat8e4m3fn})),
      ElementsAre(0.5, 448, -2.5, 448));
  EXPECT_THAT(numbers(quantize_linear(
                  x, scalar(2), nullptr,
                  {.saturate = Overflow::kToInfinity, .output_dtype = ElementType::kFloat8e5m2})),
              ElementsAre(0.5, 512, -2.5, kInfinity));
}

// As in ONNX's test_quantizelinear_float4e2m1 and test_quantizelinear_e4m3fn and its evaluator.
TEST(QuantizeLinear, AddsTheZeroPointOfFloat4Alone) {
  const OnnxTensor x = floats({1}, {-0.0f});
  for (const auto& [type, expected] :
       {std::pair{ElementType::kFloat4e2m1, 0x0u}, std::pair{ElementType::kFloat8e4m3fn, 0x80u}}) {
    const OnnxTensor zero_point = codes(type, {}, {0});
    EXPECT_EQ(quantize_linear(x, scalar(1), &zero_point)->bits(0), expected) << name(type);
  }
  const auto y = quantize_linear(x, scalar(1), nullptr, {.output_dtype = ElementType::kFloat4e2m1});
  EXPECT_EQ(y->bits(0), 0x8u);
}

// What the operator cannot make sense of, and the words the message must have.
struct Refused {
  std::string words;
  OnnxTensor x = floats({2, 4}, std::vector<float>(8));
  OnnxTensor scale = scalar(1);
  std::optional<OnnxTensor> zero_point = std::nullopt;
  QuantizeLinearOptions options = {};
};

// For the output of GoogleTest.
void PrintTo(const Refused& c, std::ostream* stream) { *stream << c.words; }

class QuantizeLinearRefuses : public testing::TestWithParam<Refused> {};

TEST_P(QuantizeLinearRefuses, AndSaysWhatAndWhere) {
  const Refused& c = GetParam();
  const auto y = quantize_linear(c.x, c.scale, c.zero_point ? &*c.zero_point : nullptr, c.options);
  ASSERT_FALSE(y);
  EXPECT_THAT(y.error().message, testing::StartsWith("QuantizeLinear: "));
  EXPECT_THAT(y.error().message, HasSubstr(c.words));
}

INSTANTIATE_TEST_SUITE_P(
    Input, QuantizeLinearRefuses,
    testing::Values(
        Refused{.words = "scale of shape [3]: expected [4] (along axis 1)",
                .scale = floats({3}, {1, 1, 1})},
        Refused{.words = "axis 2", .scale = floats({4}, {1, 1, 1, 1}), .options = {.axis = 2}},
        Refused{.words = "axis -3", .scale = floats({4}, {1, 1, 1, 1}), .options = {.axis = -3}},
        Refused{.words = "scale of shape [2, 2]: expected a scalar",
                .scale = floats({2, 2}, {1, 1, 1, 1})},
        Refused{.words = "scale of shape [2, 2]: expected [2, 4] (blocks of 1 along axis 1)",
                .scale = floats({2, 2}, {1, 1, 1, 1}),
                .options = {.block_size = 1}},
        Refused{.words = "scale of shape []: expected [2, 2]", .options = {.block_size = 2}},
        Refused{.words = "block_size -1", .options = {.block_size = -1}},
        Refused{.words = "scale 0 at index 1", .scale = floats({4}, {1, 0, 1, 1})},
        Refused{.words = "scale -2 at index 0", .scale = scalar(-2)},
        Refused{.words = "scale inf", .scale = scalar(kInfinity)},
        Refused{.words = "scale nan", .scale = scalar(kNan)},
        Refused{.words = "scale nan", .scale = codes(ElementType::kFloat8e8m0, {}, {0xFF})},
        Refused{.words = "is 0 as float16",
                .scale = scalar(1e-9f),
                .options = {.precision = ElementType::kFloat16}},
        Refused{.words = "is inf as float16",
                .scale = scalar(1e9f),
                .options = {.precision = ElementType::kFloat16}},
        Refused{.words = "zero point of shape [2]: expected []",
                .zero_point = codes(ElementType::kUint8, {2}, {0, 0})},
        Refused{.words = "zero point of shape [1]: expected [4]",
                .scale = floats({4}, {1, 1, 1, 1}),
                .zero_point = codes(ElementType::kUint8, {1}, {0})},
        Refused{.words = "output_dtype int8: expected uint8",
                .zero_point = codes(ElementType::kUint8, {}, {0}),
                .options = {.output_dtype = ElementType::kInt8}},
        Refused{.words = "zero point 2 at index 0: expected 0",
                .zero_point = values(ElementType::kFloat8e4m3fn, {}, {2})},
        Refused{.words = "zero point 1 at index 0: expected 0",
                .zero_point = values(ElementType::kFloat4e2m1, {}, {1})},
        Refused{.words = "output of type int32", .zero_point = codes(ElementType::kInt32, {}, {0})},
        Refused{.words = "output of type float8e8m0",
                .options = {.output_dtype = ElementType::kFloat8e8m0}},
        Refused{.words = "x of type double", .x = values(ElementType::kDouble, {}, {1})},
        Refused{.words = "scale of type int8", .scale = codes(ElementType::kInt8, {}, {1})},
        Refused{.words = "precision of type double",
                .options = {.precision = ElementType::kDouble}}));

// ONNX lets the last block be shorter; this library's layouts do not.
TEST(QuantizeLinear, RefusesABlockThatDoesNotDivideTheAxis) {
  const auto y = quantize_linear(floats({1, 3}, {1, 2, 3}), floats({1, 2}, {1, 1}), nullptr,
                                 {.axis = 1, .block_size = 2});
  EXPECT_THAT(message(y), HasSubstr("block size 2: expected a divisor of the 3 elements"));
}

}  // namespace
}  // namespace zp
