#include "zeropoint/quantizer/weight_codes.h"

#include <gmock/gmock.h>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "zeropoint/numerics/small_float.h"

namespace zp {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Tensor floats(std::vector<int64_t> dims, const std::vector<float>& values) {
  return Tensor::of<float>(Shape::make(std::move(dims)).value(), values).value();
}

template <class T>
std::vector<T> elements(const Tensor& tensor) {
  const auto span = tensor.as<T>();
  return {span.begin(), span.end()};
}

QuantizedWeight quantized(const Tensor& weight, const WeightFormat& format) {
  auto result = quantize_weight(weight_source(weight, "w"), format);
  EXPECT_TRUE(result) << result.error().message;
  return std::move(result).value();
}

std::string error_of(const Tensor& weight, const WeightFormat& format) {
  const auto result = quantize_weight(weight_source(weight, "tensor \"w\""), format);
  return result ? "no error" : result.error().message;
}

TEST(QuantizeWeight, PerChannelGivesEachIndexOfTheAxisItsScale) {
  const auto weight = floats({2, 3}, {127, -64, 1, 0.5F, -12.7F, 6.35F});
  const auto w = quantized(weight, {.narrow = NarrowRange::kYes, .axis = 0});
  // scale = max |row| / 127: 1 and 0.1.
  EXPECT_THAT(elements<float>(w.scales), ElementsAre(1, 0.1F));
  EXPECT_THAT(elements<int8_t>(w.codes), ElementsAre(127, -64, 1, 5, -127, 64));
  EXPECT_THAT(elements<int8_t>(w.zero_points), ElementsAre(0, 0));
  EXPECT_EQ(w.codes.type(), DataType::kInt8);
  EXPECT_EQ(w.codes.shape(), weight.shape());
  EXPECT_EQ(w.scales.shape().to_string(), "[2]");
}

TEST(QuantizeWeight, AffineUnsignedCoversTheRangeWithAZeroPoint) {
  // 255 steps over [-1, 1.55]: scale 0.01, zero point 100.
  const auto w = quantized(
      floats({3}, {-1, 0, 1.55F}),
      {.type = IntType::kUint8, .scheme = Scheme::kAffine, .granularity = Granularity::kPerTensor});
  EXPECT_THAT(elements<float>(w.scales), ElementsAre(0.01F));
  EXPECT_THAT(elements<uint8_t>(w.zero_points), ElementsAre(100));
  EXPECT_THAT(elements<uint8_t>(w.codes), ElementsAre(0, 100, 255));
  EXPECT_EQ(w.scales.shape().rank(), 0);
}

TEST(QuantizeWeight, BlocksOfFourBitCodesArePackedLowHalfFirst) {
  // Blocks of 2 along axis 0 of a 4 x 3 weight: scales 2 x 3, scale = 2 max / 15.
  const auto w = quantized(
      floats({4, 3}, {7.5F, 1.5F, 0, -7, 0.6F, 0, 15, -3, 0.75F, 4, 3, -0.75F}),
      {.type = IntType::kInt4, .granularity = Granularity::kPerBlock, .axis = 0, .block_size = 2});
  EXPECT_EQ(w.codes.type(), DataType::kInt4);
  EXPECT_EQ(w.scales.shape().to_string(), "[2, 3]");
  EXPECT_THAT(elements<float>(w.scales), ElementsAre(1, 0.2F, 1, 2, 0.4F, 0.1F));
  // 7 (7.5 rounds to 8, the highest code is 7), 7, 0, -7, 3, 0, 7, -8 (-7.5 to even), 7 ...
  EXPECT_THAT(elements<uint8_t>(w.codes), ElementsAre(0x77, 0x90, 0x03, 0x87, 0x27, 0x87));
}

TEST(QuantizeWeight, ZeroPointsOfFourBitTypesArePackedToo) {
  const auto w = quantized(floats({3, 2}, {-1, 14, -15, 0, 1, 2}),
                           {.type = IntType::kUint4, .scheme = Scheme::kAffine, .axis = 0});
  EXPECT_THAT(elements<uint8_t>(w.zero_points), ElementsAre(0xf1, 0x00));
  EXPECT_EQ(w.zero_points.type(), DataType::kUint4);
  EXPECT_THAT(elements<uint8_t>(w.codes), ElementsAre(0xf0, 0xf0, 0xf7));
}

TEST(QuantizeWeight, ASliceOfZerosGetsScaleOneAndTheZeroPoint) {
  const auto symmetric = quantized(floats({2, 2}, {0, 0, 3, 1}), {.axis = 0});
  EXPECT_EQ(elements<float>(symmetric.scales)[0], 1);
  EXPECT_THAT(elements<int8_t>(symmetric.codes).front(), 0);
  const auto affine = quantized(floats({2}, {0, 0}),
                                {.type = IntType::kUint8, .scheme = Scheme::kSymmetric, .axis = 0});
  EXPECT_THAT(elements<uint8_t>(affine.zero_points), Each(128));
  EXPECT_THAT(elements<uint8_t>(affine.codes), Each(128));
}

TEST(QuantizeWeight, HalfWeightsGetHalfScalesThatCoverTheRange) {
  // 1 / 127 = 0.0078740 lies between the float16 numbers 0x2008 = 0.0078735 and 0x2009 = 0.0078812.
  std::vector<uint16_t> bits{0x3c00, 0xbc00, 0x3800};  // 1, -1, 0.5
  const auto raw = std::as_bytes(std::span(bits));
  const auto weight =
      Tensor::make(DataType::kFloat16, Shape::make({1, 3}).value(), {raw.begin(), raw.end()})
          .value();
  const auto w = quantized(weight, {.narrow = NarrowRange::kYes, .axis = 0});
  EXPECT_EQ(w.scales.type(), DataType::kFloat16);
  EXPECT_THAT(elements<uint16_t>(w.scales), ElementsAre(0x2009));
  EXPECT_THAT(elements<int8_t>(w.codes), ElementsAre(127, -127, 63));
}

TEST(QuantizeWeight, DoubleWeightsGetFloatScales) {
  const std::array<double, 2> values{-127, 2.5};
  const auto weight = Tensor::of<double>(Shape::make({2}).value(), values).value();
  const auto w =
      quantized(weight, {.narrow = NarrowRange::kYes, .granularity = Granularity::kPerTensor});
  EXPECT_THAT(elements<float>(w.scales), ElementsAre(1));
  EXPECT_THAT(elements<int8_t>(w.codes), ElementsAre(-127, 2));
}

TEST(QuantizeWeight, NanAndInfinityAreNamedWithTheirPlace) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(error_of(floats({2, 3}, {0, 1, 2, 3, kNan, 5}), {}),
            "tensor \"w\": element [1, 1] is NaN; weights must be finite as float32");
  EXPECT_THAT(error_of(floats({2}, {0, -INFINITY}), {.granularity = Granularity::kPerTensor}),
              HasSubstr("element [1] is infinite"));
}

TEST(QuantizeWeight, FormatsAndTypesThatDoNotFitAreErrors) {
  const auto weight = floats({2, 3}, {0, 1, 2, 3, 4, 5});
  EXPECT_THAT(error_of(weight, {.axis = 2}), HasSubstr("tensor \"w\""));
  EXPECT_THAT(error_of(weight, {.granularity = Granularity::kPerBlock, .axis = 1, .block_size = 2}),
              HasSubstr("tensor \"w\""));
  EXPECT_THAT(error_of(weight, {.type = IntType::make(3, Signedness::kSigned).value()}),
              HasSubstr("int3"));
  EXPECT_THAT(error_of(Tensor::zeros(DataType::kInt64, weight.shape()).value(), {}),
              HasSubstr("a weight of type int64"));
}

TEST(WeightCodes, FollowGivenScales) {
  const auto weight = floats({2, 2}, {1, 2, 3, 100});
  const TensorParams params{Layout::per_axis(weight.shape().dims(), 1).value(),
                            IntType::kInt8,
                            NarrowRange::kYes,
                            {0.5F, 0.25F},
                            {0, 0}};
  const auto codes = weight_codes(weight_source(weight, "w"), params);
  EXPECT_THAT(elements<int8_t>(codes.value()), ElementsAre(2, 8, 6, 127));
  const TensorParams other{Layout::per_tensor(std::array<int64_t, 1>{3}).value(),
                           IntType::kInt8,
                           NarrowRange::kYes,
                           {0.5F},
                           {0}};
  EXPECT_FALSE(weight_codes(weight_source(weight, "w"), other));
}

// Every way in which a large weight is cut, against the reference over the whole of it.
struct Cut {
  std::vector<int64_t> dims;
  WeightFormat format;
};

class LargeWeight : public ::testing::TestWithParam<Cut> {};

TEST_P(LargeWeight, InPiecesOfAnySizeIsQuantizedAsAWhole) {
  const auto shape = Shape::make(GetParam().dims).value();
  std::vector<float> values(static_cast<size_t>(shape.element_count()));
  uint32_t state = 1;
  for (auto& x : values) {
    state = state * 1664525 + 1013904223;
    x = std::ldexp(static_cast<float>(static_cast<int32_t>(state)), -30);
  }
  const WeightSource source{"w", DataType::kFloat, shape,
                            [&](const WeightSource::Take& take) -> Status {
                              auto bytes = std::as_bytes(std::span(values));
                              for (size_t n = 1; !bytes.empty(); n = n * 3 % 7000001) {
                                const auto piece = bytes.first(std::min(n, bytes.size()));
                                ZP_RETURN_IF_ERROR(take(piece));
                                bytes = bytes.subspan(piece.size());
                              }
                              return {};
                            }};
  const auto params = weight_params(source, GetParam().format).value();
  const auto codes = weight_codes(source, params).value();

  std::vector<Range> ranges(params.scales.size());
  for_each_run(params.layout, [&](const zp::Run& run) {
    for (int64_t i = 0; i < run.count; ++i) {
      auto& range = ranges[static_cast<size_t>(run.params_index + i * run.params_stride)];
      range = range.widened_to(values[static_cast<size_t>(run.offset + i)]);
    }
  });
  const ParamOptions options{.scheme = GetParam().format.scheme};
  const auto expected = choose_tensor_params(params.layout, ranges, params.type, options).value();
  EXPECT_EQ(params.scales, expected.scales);
  EXPECT_EQ(params.zero_points, expected.zero_points);
  std::vector<int32_t> reference(values.size());
  ASSERT_TRUE(quantize(values, reference, expected));
  const auto wanted = [&](size_t i) { return static_cast<uint8_t>(reference[i]); };
  const auto bytes = codes.as<uint8_t>();
  size_t wrong = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto got = params.type.bits() == 4
                         ? static_cast<uint8_t>(bytes[i / 2] >> (i % 2 * 4) & 0xf)
                         : bytes[i];
    wrong += got != (params.type.bits() == 4 ? wanted(i) & 0xf : wanted(i));
  }
  EXPECT_EQ(wrong, 0U);
}

constexpr auto kBlock = Granularity::kPerBlock;
INSTANTIATE_TEST_SUITE_P(
    Cuts, LargeWeight,
    ::testing::Values(
        Cut{{2100001}, {.granularity = Granularity::kPerTensor}},
        Cut{{2100001},
            {.type = IntType::kInt4,
             .scheme = Scheme::kAffine,
             .granularity = Granularity::kPerTensor}},
        Cut{{701, 1501}, {.axis = 0}}, Cut{{701, 1501}, {.axis = 1}},
        Cut{{3, 701, 601}, {.type = IntType::kUint4, .scheme = Scheme::kAffine, .axis = 1}},
        Cut{{3, 1100003}, {.type = IntType::kInt4, .axis = 0}},
        Cut{{1100003, 3}, {.type = IntType::kUint8, .scheme = Scheme::kAffine, .axis = -1}},
        Cut{{96, 20011},
            {.type = IntType::kInt4, .granularity = kBlock, .axis = 0, .block_size = 32}},
        Cut{{20011, 96},
            {.type = IntType::kInt4, .granularity = kBlock, .axis = 1, .block_size = 32}},
        Cut{{3, 64, 7001}, {.granularity = kBlock, .axis = 1, .block_size = 16}},
        Cut{{4, 300007}, {.granularity = kBlock, .axis = 0, .block_size = 4}},
        Cut{{3, 1200000},
            {.type = IntType::kUint4, .granularity = kBlock, .axis = 1, .block_size = 32}}));

}  // namespace
}  // namespace zp
