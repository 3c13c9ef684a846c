// fake_quantize, dequantize and the tensor forms against the reference.
#include <gtest/gtest.h>

#include "zeropoint/kernels/dequantize.h"
#include "zeropoint/kernels/fake_quantize.h"
#include "zeropoint/kernels/quantize.h"
#include "zeropoint/kernels/streaming.h"
#include "zeropoint/kernels/test_samples.h"
#include "zeropoint/kernels/test_targets.h"

namespace zp::kernels {
namespace {

uint32_t bits(float x) { return std::bit_cast<uint32_t>(x); }

class FakeQuantize : public OnEachTarget {};
INSTANTIATE_ON_EACH_TARGET(FakeQuantize);

void expect_fake_quantize_equals_reference(std::span<const float> x, const QuantParams& params,
                                           Convention convention) {
  std::vector<float> y(x.size());
  ASSERT_TRUE(kernels::fake_quantize(x, y, params, convention));
  for (size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(bits(y[i]), bits(zp::fake_quantize(x[i], params, convention)))
        << "x = " << x[i] << ", bits " << std::hex << bits(x[i]) << ", scale " << params.scale
        << ", " << params.type.name() << ", " << name(convention);
  }
}

TEST_P(FakeQuantize, EqualsTheReferenceOnEveryExponent) {
  const auto x = stratified_floats(2);
  for (const Convention convention : kConventions) {
    expect_fake_quantize_equals_reference(x, {IntType::kInt8, NarrowRange::kYes, 0.0173f, 0},
                                          convention);
  }
}

TEST_P(FakeQuantize, EqualsTheReferenceAroundEveryTie) {
  for (const Convention convention : kConventions) {
    for (const IntType type : {IntType::kUint8, IntType::kInt16, IntType::kInt4}) {
      for (const float scale : {0.0173f, 0.25f, 1e-38f, 3e38f}) {
        const QuantParams params{type, NarrowRange::kNo, scale, type.middle()};
        if (!check(params, convention)) continue;
        expect_fake_quantize_equals_reference(tie_neighbourhoods(params), params, convention);
      }
    }
  }
}

TEST_P(FakeQuantize, WorksInPlace) {
  const QuantParams params{IntType::kUint8, NarrowRange::kNo, 0.1f, 128};
  const std::vector<float> x = tie_neighbourhoods(params);
  std::vector<float> y = x;
  ASSERT_TRUE(kernels::fake_quantize(y, y, params));
  for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(y[i], zp::fake_quantize(x[i], params));
}

class Dequantize : public OnEachTarget {};
INSTANTIATE_ON_EACH_TARGET(Dequantize);

template <class Code>
void expect_dequantize_equals_reference(const QuantParams& params) {
  const CodeRange range = params.type.codes();
  std::vector<Code> codes;
  for (int32_t code = range.qmin; code <= range.qmax; ++code) {
    codes.push_back(static_cast<Code>(code));
  }
  // Every length of the last, partial vector.
  for (size_t cut = 0; cut < std::min(codes.size(), size_t{67}); ++cut) {
    const auto part = std::span<const Code>(codes).subspan(cut);
    std::vector<float> x(part.size());
    ASSERT_TRUE(dequantize(part, std::span(x), params));
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(bits(x[i]), bits(zp::dequantize(part[i], params))) << int{part[i]};
    }
  }
}

TEST_P(Dequantize, EqualsTheReferenceForEveryCode) {
  for (const float scale : {0.0173f, 1e-44f, 3e38f}) {
    expect_dequantize_equals_reference<uint8_t>({IntType::kUint8, NarrowRange::kNo, scale, 77});
    expect_dequantize_equals_reference<int8_t>({IntType::kInt8, NarrowRange::kNo, scale, -77});
    expect_dequantize_equals_reference<uint16_t>({IntType::kUint16, NarrowRange::kNo, scale, 9999});
    expect_dequantize_equals_reference<int16_t>({IntType::kInt16, NarrowRange::kNo, scale, -9999});
    expect_dequantize_equals_reference<uint8_t>({IntType::kUint4, NarrowRange::kNo, scale, 7});
  }
}

TEST_P(Dequantize, RoundsBiasesAsTheReferenceDoes) {
  const QuantParams params{IntType::kInt32, NarrowRange::kNo, 0.0173f, 0};
  std::vector<int32_t> codes;
  for (int64_t code = INT32_MIN; code <= INT32_MAX; code += 99'991) {
    codes.push_back(static_cast<int32_t>(code));
  }
  codes.push_back(INT32_MAX);
  std::vector<float> x(codes.size());
  ASSERT_TRUE(dequantize<int32_t>(codes, x, params));
  for (size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(bits(x[i]), bits(zp::dequantize(codes[i], params)));
  }
}

// Beyond streaming.h's bound the stores change, the results do not; from an odd place on.
TEST_P(Dequantize, GivesTheSamePastTheCachesAndSoDoesFakeQuantize) {
  const QuantParams params{IntType::kInt8, NarrowRange::kNo, 0.0173f, -7};
  const size_t count = kStreamingBytes / sizeof(float) + 78;
  std::vector<int8_t> codes(count);
  for (size_t i = 0; i < count; ++i) codes[i] = static_cast<int8_t>(i * 7 % 256);
  std::vector<float> x(count);
  ASSERT_TRUE(kernels::dequantize<int8_t>(codes, x, params));
  for (size_t i = 0; i < count; ++i) ASSERT_EQ(x[i], zp::dequantize(codes[i], params)) << i;
  // What is a code's value already is what fake_quantize leaves as it is.
  std::vector<float> y(count, -1.0f);
  ASSERT_TRUE(kernels::fake_quantize(std::span(x).subspan(1), std::span(y).subspan(1), params));
  EXPECT_TRUE(std::equal(x.begin() + 1, x.end(), y.begin() + 1));
}

// Layouts whose runs share a pair of parameters, have one each, or both; with a channel count
// that fills no vector.
std::vector<Layout> layouts() {
  const std::vector<int64_t> shape{3, 37, 8};
  const std::vector<int64_t> vectors{5, 40};
  return {*Layout::per_tensor(shape),        *Layout::per_axis(shape, 1),
          *Layout::per_axis(shape, -1),      *Layout::per_axis(shape, 0),
          *Layout::per_block(shape, 2, 4),   *Layout::per_block(shape, 0, 3),
          *Layout::per_block(vectors, 1, 20)};
}

TensorParams tensor_params(const Layout& layout, Convention convention) {
  const bool free_zero_point =
      convention != Convention::kTensorrt && convention != Convention::kTensorflow;
  TensorParams params{layout, IntType::kInt8, NarrowRange::kNo, {}, {}};
  for (int64_t i = 0; i < layout.params_count(); ++i) {
    params.scales.push_back(0.01f + 0.003f * static_cast<float>(i % 50));
    params.zero_points.push_back(free_zero_point ? static_cast<int32_t>(i % 200) - 100 : 0);
  }
  return params;
}

class Tensors : public OnEachTarget {};
INSTANTIATE_ON_EACH_TARGET(Tensors);

TEST_P(Tensors, EqualTheReferenceInEveryLayout) {
  for (const Layout& layout : layouts()) {
    const auto count = static_cast<size_t>(layout.element_count());
    std::vector<float> x = tie_neighbourhoods({IntType::kInt8, NarrowRange::kNo, 0.01f, 0});
    x.push_back(std::numeric_limits<float>::quiet_NaN());
    std::mt19937 random(3);
    std::shuffle(x.begin(), x.end(), random);
    x.resize(count, 0.5f);
    for (const Convention convention : kConventions) {
      const TensorParams params = tensor_params(layout, convention);
      std::vector<int32_t> expected(count);
      std::vector<int8_t> codes(count);
      ASSERT_TRUE(zp::quantize(x, expected, params, convention));
      ASSERT_TRUE(quantize(x, std::span(codes), params, convention));
      EXPECT_TRUE(std::equal(codes.begin(), codes.end(), expected.begin()));

      std::vector<float> expected_reals(count);
      std::vector<float> reals(count);
      ASSERT_TRUE(zp::fake_quantize(x, expected_reals, params, convention));
      ASSERT_TRUE(kernels::fake_quantize(x, reals, params, convention));
      EXPECT_EQ(reals, expected_reals);
      ASSERT_TRUE(dequantize<int8_t>(codes, reals, params));
      EXPECT_EQ(reals, expected_reals);
    }
  }
}

TEST(TensorErrors, NameTheSliceAndTheLengths) {
  TensorParams params =
      tensor_params(*Layout::per_axis(std::vector<int64_t>{2, 3}, 1), Convention::kOnnx);
  std::vector<float> x(6);
  std::vector<int8_t> codes(6);
  ASSERT_TRUE(quantize(x, std::span(codes), params));
  x.resize(5);
  codes.resize(5);
  EXPECT_EQ(quantize(x, std::span(codes), params).error().message,
            "quantize: 5 elements given for a layout of 6");
  params.scales[2] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(quantize(x, std::span(codes), params).error().message,
            "channel 2: scale inf: expected a positive finite number");
}

}  // namespace
}  // namespace zp::kernels
