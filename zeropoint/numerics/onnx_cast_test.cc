#include "zeropoint/numerics/onnx_cast.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "zeropoint/numerics/onnx_test_tensors.h"

namespace zp {
namespace {

using testing::ElementsAre;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// ONNX's Cast: "when out of range, discard higher bits", with its example 200 -> -56.
TEST(Cast, KeepsTheLowBitsFromIntegerToInteger) {
  const OnnxTensor x = codes(ElementType::kInt16, {4}, {200, -1, 8, 32767});
  EXPECT_THAT(numbers(cast(x, ElementType::kInt8)), ElementsAre(-56, -1, 8, -1));
  EXPECT_THAT(numbers(cast(x, ElementType::kUint4)), ElementsAre(8, 15, 8, 15));
  CastOptions saturating{.integer_overflow = IntegerOverflow::kSaturate};
  EXPECT_THAT(numbers(cast(x, ElementType::kInt8, saturating)), ElementsAre(-56, -1, 8, -1));
}

TEST(Cast, TruncatesAFloatTowardsZero) {
  const OnnxTensor x = floats({4}, {2.9f, -2.9f, 0.5f, -0.5f});
  EXPECT_THAT(numbers(cast(x, ElementType::kInt4)), ElementsAre(2, -2, 0, 0));
}

TEST(Cast, WrapsOrSaturatesAFloatBeyondTheInteger) {
  const OnnxTensor x = floats({7}, {300, -300, 0x1p40f, kInfinity, -kInfinity, kNan, 16});
  EXPECT_THAT(numbers(cast(x, ElementType::kInt8)), ElementsAre(44, -44, 0, 0, 0, 0, 16));
  EXPECT_THAT(
      numbers(cast(x, ElementType::kInt8, {.integer_overflow = IntegerOverflow::kSaturate})),
      ElementsAre(127, -128, 127, 127, -128, 0, 16));
}

TEST(Cast, RoundsToTheNarrowerFloatsAndOverflowsToInfinity) {
  // 2049 is the tie between 2048 and 2050 in float16; 65520 the one beyond its largest value.
  const OnnxTensor x = floats({4}, {2049, 2051, 65519.996f, -65520});
  EXPECT_THAT(numbers(cast(x, ElementType::kFloat16)), ElementsAre(2048, 2052, 65504, -kInfinity));
}

TEST(Cast, RoundsADoubleOnceOnly) {
  // Just above the float16 tie 1 + 2^-11; float32 would round it onto the tie, and then down.
  OnnxTensor x(ElementType::kDouble, Shape());
  x.set_bits(0, std::bit_cast<uint64_t>(1 + 0x1p-11 + 0x1p-40));
  EXPECT_THAT(numbers(cast(x, ElementType::kFloat16)), ElementsAre(1 + 0x1p-10));
}

TEST(Cast, AppliesSaturateToTheEightBitFloatsAlone) {
  const OnnxTensor x = floats({2}, {1e6f, -kInfinity});
  const CastOptions no_saturate{.saturate = Overflow::kToInfinity};
  EXPECT_THAT(numbers(cast(x, ElementType::kFloat8e5m2)), ElementsAre(57344, -57344));
  EXPECT_THAT(numbers(cast(x, ElementType::kFloat8e5m2, no_saturate)),
              ElementsAre(kInfinity, -kInfinity));
  EXPECT_THAT(numbers(cast(x, ElementType::kFloat4e2m1, no_saturate)), ElementsAre(6, -6));
}

TEST(Cast, RoundsToFloat8e8m0AsRoundModeSays) {
  const OnnxTensor x = floats({3}, {1.25f, 1.5f, 4});
  const auto mode = [&](Rounding rounding) {
    return numbers(cast(x, ElementType::kFloat8e8m0, {.round_mode = rounding}));
  };
  EXPECT_THAT(numbers(cast(x, ElementType::kFloat8e8m0)), ElementsAre(2, 2, 4));
  EXPECT_THAT(mode(Rounding::kDown), ElementsAre(1, 1, 4));
  EXPECT_THAT(mode(Rounding::kNearestUp), ElementsAre(1, 2, 4));
}

}  // namespace
}  // namespace zp
