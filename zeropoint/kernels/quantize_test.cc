#include "zeropoint/kernels/quantize.h"

#include <gtest/gtest.h>

#include "zeropoint/kernels/streaming.h"
#include "zeropoint/kernels/test_samples.h"
#include "zeropoint/kernels/test_targets.h"

namespace zp::kernels {
namespace {

class Quantize : public OnEachTarget {};
INSTANTIATE_ON_EACH_TARGET(Quantize);

template <class Code>
void expect_equals_reference(std::span<const float> x, const QuantParams& params,
                             Convention convention) {
  std::vector<Code> codes(x.size());
  const Status status = quantize(x, std::span<Code>(codes), params, convention);
  ASSERT_TRUE(status) << status.error().message;
  for (size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(codes[i], zp::quantize(x[i], params, convention))
        << "x = " << x[i] << ", bits " << std::hex << std::bit_cast<uint32_t>(x[i]) << ", scale "
        << params.scale << ", zero point " << std::dec << params.zero_point << ", "
        << params.type.name() << ", " << name(convention);
  }
}

void expect_equals_reference(std::span<const float> x, const QuantParams& params,
                             Convention convention) {
  if (params.type.bits() <= 8) {
    params.type.is_signed() ? expect_equals_reference<int8_t>(x, params, convention)
                            : expect_equals_reference<uint8_t>(x, params, convention);
  } else {
    params.type.is_signed() ? expect_equals_reference<int16_t>(x, params, convention)
                            : expect_equals_reference<uint16_t>(x, params, convention);
  }
}

// Scales: ordinary, a power of two, with all-ones and one-bit mantissas, the tie of the worked
// examples, and those for which no bracket of reciprocals exists.
const float kScales[] = {0.0173f,   1.0f,   0x1.fffffep-7f, 0x1.000002p3f,  1000.0f / 255,
                         0x1p-140f, 1e-38f, 3e38f,          0x1.fffffep126f};

std::vector<QuantParams> params_for(Convention convention) {
  std::vector<QuantParams> all;
  for (const IntType type : {IntType::kUint8, IntType::kInt8, IntType::kUint16, IntType::kInt16,
                             IntType::kUint4, IntType::kInt4, IntType::kInt2}) {
    for (const NarrowRange narrow : {NarrowRange::kNo, NarrowRange::kYes}) {
      const CodeRange codes = type.codes(narrow);
      for (const float scale : kScales) {
        for (const int32_t zero_point : {type.middle(), codes.qmin, codes.qmax, codes.qmin + 1}) {
          const QuantParams params{type, narrow, scale, zero_point};
          if (check(params, convention)) all.push_back(params);
        }
      }
    }
  }
  return all;
}

TEST_P(Quantize, EqualsTheReferenceOnEveryExponent) {
  const auto x = stratified_floats(1);
  ASSERT_GE(x.size(), size_t{1} << 22);
  // One set of parameters a type and method; the ties have them all.
  for (const Convention convention : kConventions) {
    const QuantParams params{IntType::kInt8, NarrowRange::kNo, 0.0173f, 0};
    expect_equals_reference(x, params, convention);
  }
  expect_equals_reference(x, {IntType::kUint8, NarrowRange::kNo, 1000.0f / 255, 7},
                          Convention::kOnnx);
  expect_equals_reference(x, {IntType::kUint16, NarrowRange::kNo, 1e-38f, 100}, Convention::kOnnx);
}

TEST_P(Quantize, EqualsTheReferenceAroundEveryTie) {
  for (const Convention convention : kConventions) {
    for (const QuantParams& params : params_for(convention)) {
      expect_equals_reference(tie_neighbourhoods(params), params, convention);
    }
  }
}

TEST_P(Quantize, TakesAnyLengthAndAlignment) {
  const auto x = tie_neighbourhoods({IntType::kUint8, NarrowRange::kNo, 0.1f, 128});
  for (const QuantParams& params : {QuantParams{IntType::kUint8, NarrowRange::kNo, 0.1f, 128},
                                    QuantParams{IntType::kUint16, NarrowRange::kNo, 0.1f, 128}}) {
    for (size_t count = 0; count < 200; ++count) {
      expect_equals_reference(std::span(x).subspan(count % 17, count), params, Convention::kOnnx);
    }
  }
}

// Beyond streaming.h's bound the stores change, the codes do not.
template <class Code>
void expect_streams_the_same(std::span<const float> x, const QuantParams& params,
                             Convention convention) {
  std::vector<Code> streamed(x.size());
  ASSERT_TRUE(quantize(x, std::span(streamed), params, convention));
  constexpr size_t kPart = 1 << 20;
  std::vector<Code> part(kPart);
  for (size_t begin = 0; begin < x.size(); begin += kPart) {
    const size_t count = std::min(kPart, x.size() - begin);
    ASSERT_TRUE(
        quantize(x.subspan(begin, count), std::span(part).first(count), params, convention));
    ASSERT_TRUE(std::equal(part.begin(), part.begin() + static_cast<ptrdiff_t>(count),
                           streamed.begin() + static_cast<ptrdiff_t>(begin)));
  }
}

TEST_P(Quantize, GivesTheSameCodesPastTheCaches) {
  std::vector<float> x(kStreamingBytes / sizeof(float) + 77);
  uint32_t bits = 1;
  for (float& value : x) {
    bits = bits * 1664525 + 1013904223;
    value = static_cast<float>(static_cast<int32_t>(bits)) * 0x1p-28f;
  }
  // From an odd place on, so that neither input nor output starts aligned.
  const auto part = std::span<const float>(x).subspan(1);
  for (const Convention convention : {Convention::kOnnx, Convention::kTflite}) {
    expect_streams_the_same<uint8_t>(part, {IntType::kUint8, NarrowRange::kNo, 0.0173f, 128},
                                     convention);
  }
  expect_streams_the_same<uint16_t>(part, {IntType::kUint16, NarrowRange::kNo, 0.000173f, 32768},
                                    Convention::kOnnx);
}

TEST(QuantizeErrors, SayWhatDoesNotFit) {
  const std::vector<float> x(4);
  std::vector<uint8_t> bytes(4);
  std::vector<uint8_t> short_bytes(3);
  const QuantParams good;
  EXPECT_TRUE(quantize(x, std::span(bytes), good));
  EXPECT_EQ(quantize(x, std::span(short_bytes), good).error().message,
            "quantize: 4 input elements, but room for 3 output elements");
  EXPECT_EQ(quantize(x, std::span(bytes), QuantParams{IntType::kInt8, NarrowRange::kNo, 1, 0})
                .error()
                .message,
            "codes of type int8 do not fit elements of type uint8");
  EXPECT_EQ(quantize(x, std::span(bytes), QuantParams{IntType::kUint8, NarrowRange::kNo, 0, 0})
                .error()
                .message,
            "scale 0: expected a positive finite number");
}

}  // namespace
}  // namespace zp::kernels
