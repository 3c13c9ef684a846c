#include "zeropoint/numerics/half_input.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "zeropoint/numerics/quantize.h"
#include "zeropoint/numerics/test_params.h"

namespace zp {
namespace {

// IEEE 754 binary16: 5 exponent bits with bias 15, 10 mantissa bits.
float value_of(Float16 x) {
  const int exponent = x.bits >> 10 & 31;
  const int mantissa = x.bits & 1023;
  float magnitude = 0;
  if (exponent == 31) {
    magnitude = mantissa == 0 ? kInfinite : kNan;
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(mantissa), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
  }
  return x.bits >> 15 ? -magnitude : magnitude;
}

// The upper half of a float32.
float value_of(Bfloat16 x) { return std::bit_cast<float>(uint32_t{x.bits} << 16); }

template <class Half>
std::vector<Half> all_values() {
  std::vector<Half> all;
  for (uint32_t bits = 0; bits < 1 << 16; ++bits) all.push_back({static_cast<uint16_t>(bits)});
  return all;
}

template <class Half>
void expect_widened_codes(const QuantParams& params, Convention convention) {
  const std::vector<Half> x = all_values<Half>();
  std::vector<int32_t> codes(x.size());
  ASSERT_TRUE(quantize(x, codes, params, convention));
  for (size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(codes[i], quantize(value_of(x[i]), params, convention)) << x[i].bits;
  }
}

template <class Half>
class HalfInput : public testing::Test {};
using Halves = testing::Types<Float16, Bfloat16>;
TYPED_TEST_SUITE(HalfInput, Halves);

TYPED_TEST(HalfInput, EveryValueIsWidenedExactly) {
  for (const TypeParam x : all_values<TypeParam>()) {
    const float expected = value_of(x);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(to_float(x))) << x.bits;
    } else {
      ASSERT_EQ(std::bit_cast<uint32_t>(to_float(x)), std::bit_cast<uint32_t>(expected)) << x.bits;
    }
  }
}

TYPED_TEST(HalfInput, EveryValueHasTheCodeOfItsFloat32) {
  for (const Convention convention : kConventions) {
    expect_widened_codes<TypeParam>({IntType::kInt8, {}, 0.1f, 0}, convention);
    expect_widened_codes<TypeParam>({IntType::kInt4, {}, 7, 0}, convention);
  }
  expect_widened_codes<TypeParam>({IntType::kUint16, {}, 1e-3f, 32768}, Convention::kOnnx);
}

TYPED_TEST(HalfInput, TensorsHaveTheParametersOfTheirSlices) {
  const std::vector<int64_t> shape{256, 256};
  TensorParams params{*Layout::per_axis(shape, 0), IntType::kUint8, {}, {}, {}};
  for (int32_t i = 0; i < 256; ++i) {
    params.scales.push_back(0.01f * static_cast<float>(i + 1));
    params.zero_points.push_back(i);
  }
  const std::vector<TypeParam> x = all_values<TypeParam>();
  std::vector<int32_t> codes(x.size());
  ASSERT_TRUE(quantize(x, codes, params));
  for (size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(codes[i], quantize(value_of(x[i]), params.at(static_cast<int64_t>(i / 256))));
  }
}

TYPED_TEST(HalfInput, ErrorsAreThoseOfFloat32) {
  const std::vector<TypeParam> x(4);
  std::vector<int32_t> codes(3);
  EXPECT_EQ(quantize(x, codes, QuantParams{}).error().message,
            "quantize: 4 input elements, but room for 3 output elements");
  EXPECT_EQ(quantize(x, codes, QuantParams{IntType::kUint8, {}, 0, 0}).error().message,
            "scale 0: expected a positive finite number");
}

// In float32 the quotient is 9997.56; in float16, whose steps are 8 there, it would be 10000.
TEST(HalfInput, DividesInFloat32) {
  const Float16 x{0x2E66};  // 0.0999755859375
  const QuantParams params{IntType::kUint16, {}, 1e-5f, 0};
  std::vector<int32_t> codes(1);
  ASSERT_TRUE(quantize(std::span<const Float16>(&x, 1), codes, params));
  EXPECT_EQ(codes[0], 9998);
}

}  // namespace
}  // namespace zp
