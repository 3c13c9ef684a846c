#include "zeropoint/numerics/onnx_dynamic_quantize.h"

#include <gmock/gmock.h>

#include <limits>

#include "zeropoint/numerics/onnx_test_tensors.h"

namespace zp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr float kMax = std::numeric_limits<float>::max();

TEST(DynamicQuantizeLinear, FillsTheCodesWithTheRangeOfTheData) {
  // scale = (1000 + 20) / 255 = 4, zero point = 20 / 4.
  const auto result = dynamic_quantize_linear(floats({3}, {-20, 0, 1000}));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(numbers(result->scale), ElementsAre(4));
  EXPECT_THAT(numbers(result->zero_point), ElementsAre(5));
  EXPECT_THAT(numbers(result->y), ElementsAre(0, 5, 255));
}

TEST(DynamicQuantizeLinear, WidensTheRangeToHoldZero) {
  const auto positive = dynamic_quantize_linear(floats({2}, {51, 255}));
  EXPECT_THAT(numbers(positive->scale), ElementsAre(1));
  EXPECT_THAT(numbers(positive->y), ElementsAre(51, 255));
  const auto negative = dynamic_quantize_linear(floats({2}, {-51, -255}));
  EXPECT_THAT(numbers(negative->zero_point), ElementsAre(255));
  EXPECT_THAT(numbers(negative->y), ElementsAre(204, 0));
}

TEST(DynamicQuantizeLinear, GivesZerosScaleOne) {
  for (const float tiny : {0.0f, std::numeric_limits<float>::denorm_min()}) {
    const auto result = dynamic_quantize_linear(floats({2}, {0, tiny}));
    EXPECT_THAT(numbers(result->scale), ElementsAre(1));
    EXPECT_THAT(numbers(result->y), ElementsAre(0, 0));
  }
}

TEST(DynamicQuantizeLinear, RefusesWhatHasNoRange) {
  EXPECT_THAT(message(dynamic_quantize_linear(floats({0}, {}))), HasSubstr("no element"));
  EXPECT_THAT(message(dynamic_quantize_linear(floats({2}, {1, NAN}))), HasSubstr("nan at index 1"));
  EXPECT_THAT(message(dynamic_quantize_linear(floats({2}, {-kMax, kMax}))), HasSubstr("too wide"));
  EXPECT_THAT(message(dynamic_quantize_linear(values(ElementType::kFloat16, {1}, {1}))),
              HasSubstr("x of type float16: expected float"));
}

}  // namespace
}  // namespace zp
