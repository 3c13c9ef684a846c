// Expected values: worked out by hand from the models' own numbers.
#include "zeropoint/evaluate/inspect.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/support/onnx_text.h"
#include "tests/support/shared_data.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Inspection inspected(const std::string& text, Runtime runtime = Runtime::kOnnxRuntime) {
  const auto model = Model::parse(onnx_model(text).SerializeAsString(), "model.onnx");
  if (!model) {
    ADD_FAILURE() << model.error().message;
    return {};
  }
  auto inspection = inspect(*model, runtime);
  if (!inspection) {
    ADD_FAILURE() << inspection.error().message;
    return {};
  }
  return *std::move(inspection);
}

// "pair-saturation c: 1 of 2 channels".
std::vector<std::string> traps(const std::string& text, Runtime runtime = Runtime::kOnnxRuntime) {
  std::vector<std::string> said;
  for (const auto& found : inspected(text, runtime).traps) {
    said.push_back(fmt::format("{} {}{}{}", name(found.trap), found.where,
                               found.detail.empty() ? "" : ": ", found.detail));
  }
  return said;
}

// A Conv c between quantizers, with these weights for 2 filters of 2 channels and these biases.
std::string conv(const std::string& weights, const std::string& biases = "1, 2",
                 const std::string& bias_scale = "0.25", const std::string& after = "r = Relu(c)",
                 int output_zero_point = 0) {
  return fmt::format(R"(g (float[1,2,4,4] x) => (float[1,2,4,4] y)
    <float s = {{0.5}}, uint8 z = {{10}}, uint8 o = {{{}}}, int8 wz = {{0}}, int32 bz = {{0}},
     float bs = {{{}}}, int8[2,2,1,1] w = {{{}}}, int32[2] b = {{{}}}>
    {{ q = QuantizeLinear(x, s, z)  d = DequantizeLinear(q, s, z)
       f = DequantizeLinear(w, s, wz)  e = DequantizeLinear(b, bs, bz)  c = Conv(d, f, e)  {}
       t = QuantizeLinear(r, s, o)  y = DequantizeLinear(t, s, o) }})",
                     output_zero_point, bias_scale, weights, biases, after);
}

TEST(Inspect, AFloatModelTellsItsOperatorsSizesAndOperations) {
  const Inspection one = inspected(R"(g (float[N,4] x) => (float[N,2] y)
    <float[4,2] w = {1,2,3,4,5,6,7,8}, int64[2] n = {-1, 4}>
    { r = Reshape(x, n)  p = MatMul(r, w)  y = Relu(p) })");
  EXPECT_FALSE(one.is_quantized());
  EXPECT_EQ(one.operators.at("MatMul"), 1);
  EXPECT_EQ(one.constants.floats, 32U);
  EXPECT_EQ(one.constants.others, 16U);
  EXPECT_EQ(one.macs.at(ProductKind::kWeights).all, 8);
  EXPECT_EQ(one.macs.at(ProductKind::kWeights).predicted_int8, 0);
  EXPECT_THAT(one.opsets, ElementsAre(std::pair<std::string, int64_t>("", 13)));
  EXPECT_THAT(one.traps, IsEmpty());
}

TEST(Inspect, WeightsTellWhichCodesTheyUse) {
  const Inspection one = inspected(conv("127, 3, 3, -128"));
  ASSERT_EQ(one.weights.size(), 1U);
  const InspectedWeight& weight = one.weights[0];
  EXPECT_EQ(weight.tensor, "w");
  EXPECT_THAT(weight.nodes, ElementsAre("c"));
  EXPECT_EQ(weight.codes_used, 3);
  EXPECT_EQ(weight.codes, 256);
  EXPECT_DOUBLE_EQ(weight.saturated, 0.5);
  EXPECT_EQ(weight.scales.granularity, Granularity::kPerTensor);
  EXPECT_FLOAT_EQ(weight.scales.lowest_scale, 0.5F);
}

TEST(Inspect, ActivationsTellTheRangeThatTheirCodesStandFor) {
  const Inspection one = inspected(conv("1, 2, 3, 4"));
  ASSERT_EQ(one.activations.size(), 2U);
  EXPECT_EQ(one.activations[0].tensor, "x");
  EXPECT_EQ(one.activations[0].range, (Range{-5, 122.5}));  // 0.5 * (0 - 10), 0.5 * (255 - 10)
  EXPECT_EQ(one.activations[1].tensor, "r");
  EXPECT_EQ(one.activations[1].scales.type, DataType::kUint8);
}

TEST(Inspect, OperationsAreCountedAsWrittenAndAsPredicted) {
  // 4 x 4 positions, 2 filters of 2 channels.
  const auto count = [](const std::string& text) {
    return inspected(text).macs.at(ProductKind::kWeights);
  };
  EXPECT_EQ(count(conv("1, 2, 3, 4")).all, 64);
  EXPECT_EQ(count(conv("1, 2, 3, 4")).predicted_int8, 64);
  // Written with quantizers all around, and yet in float.
  const MacTotals blocked = count(conv("1, 2, 3, 4", "1, 2", "0.25", "r = Relu(c)", 128));
  EXPECT_EQ(blocked.written_int8, 64);
  EXPECT_EQ(blocked.predicted_int8, 0);
}

TEST(Inspect, OneFilterCountsWhoseNeighboursCanSaturate) {
  // 255 * (100 + 29) is beyond 2^15, 255 * (100 + 28) is not; of opposite signs they cancel.
  EXPECT_EQ(inspected(conv("100, 29, 100, 28")).weights[0].saturating_channels, 1);
  EXPECT_EQ(inspected(conv("-100, -29, 100, -100")).weights[0].saturating_channels, 1);
  EXPECT_THAT(traps(conv("100, 29, 100, 28")), ElementsAre("pair-saturation c: 1 of 2 channels"));
  EXPECT_THAT(traps(conv("100, 28, 100, 28")), IsEmpty());
}

TEST(Inspect, BiasesTellLargeCodesAndScalesThatDoNotFit) {
  // 16777216 is 2^24.
  const Inspection fits = inspected(conv("1, 2, 3, 4", "16777216, -16777216"));
  ASSERT_EQ(fits.biases.size(), 1U);
  EXPECT_EQ(fits.biases[0].large, 0);
  EXPECT_DOUBLE_EQ(fits.biases[0].scale_error.value(), 0);
  EXPECT_THAT(traps(conv("1, 2, 3, 4", "16777217, -16777217")),
              ElementsAre("large-bias c: 2 of 2 codes are above 2^24"));
  EXPECT_THAT(traps(conv("1, 2, 3, 4", "1, 2", "0.2525")), ElementsAre("bias-scale c: off by 1 %"));
}

TEST(Inspect, AReluThatItsQuantizerDoesNotImplyIsATrapInOnnxRuntime) {
  const std::string text = conv("1, 2, 3, 4", "1, 2", "0.25", "r = Relu(c)", 128);
  EXPECT_THAT(traps(text), ElementsAre("activation-not-implied r: zero point 128 instead of 0"));
  EXPECT_THAT(traps(text, Runtime::kOpenVino), IsEmpty());
}

TEST(Inspect, ScalesAChannelOnActivationsAreATrapInOnnxRuntime) {
  const std::string text = R"(g (float[1,2,1,1] x) => (float[1,2,1,1] y)
    <float[2] s = {1,2}, uint8[2] z = {0,0}>
    { q = QuantizeLinear<axis=1>(x, s, z)  d = DequantizeLinear<axis=1>(q, s, z)  y = Exp(d) })";
  EXPECT_THAT(traps(text), ElementsAre("per-channel-activation d: 2 scales"));
  EXPECT_THAT(traps(text, Runtime::kOpenVino), IsEmpty());
}

TEST(Inspect, AveragesOfCodesAreATrapInOpenVino) {
  const auto pool = [](const std::string& attributes, int zero_point, const std::string& after) {
    return fmt::format(R"(g (float[1,1,4,4] x) => (float y)
      <float s = {{1}}, uint8 z = {{{}}}>
      {{ q = QuantizeLinear(x, s, z)  d = DequantizeLinear(q, s, z)
         p = AveragePool<kernel_shape=[2,2]{}>(d)  {} }})",
                       zero_point, attributes, after);
  };
  const std::string quantized = "t = QuantizeLinear(p, s, z)  y = DequantizeLinear(t, s, z)";
  EXPECT_THAT(traps(pool("", 0, quantized), Runtime::kOpenVino),
              ElementsAre(HasSubstr("without AVX-512")));
  const std::string padded = ", pads=[1,1,1,1], count_include_pad=1";
  EXPECT_THAT(traps(pool(padded, 7, "y = Exp(p)"), Runtime::kOpenVino),
              ElementsAre(HasSubstr("wrong on every processor")));
  EXPECT_THAT(traps(pool(padded, 0, "y = Exp(p)"), Runtime::kOpenVino), IsEmpty());
  EXPECT_THAT(traps(pool("", 7, "y = Exp(p)"), Runtime::kOpenVino), IsEmpty());
  EXPECT_THAT(traps(pool(padded, 7, quantized)), IsEmpty());
}

TEST(Inspect, AMatMulsBiasAndItsQuantizerAreTrapsInOnnxRuntime) {
  const auto matmul = [](const std::string& after) {
    return R"(g (float[3,2] x) => (float y)
      <float s = {1}, uint8 z = {3}, int8 wz = {0}, int8[2,2] w = {1,2,3,4}, float[2] f = {1,2}>
      { q = QuantizeLinear(x, s, z)  d = DequantizeLinear(q, s, z)  v = DequantizeLinear(w, s, wz)
        p = MatMul(d, v)  )" +
           after + " }";
  };
  EXPECT_THAT(traps(matmul("y = Add(p, f)")), ElementsAre("matmul-bias p"));
  EXPECT_THAT(traps(matmul("t = QuantizeLinear(p, s, z)  y = DequantizeLinear(t, s, z)")),
              ElementsAre("requantized-matmul p"));
  EXPECT_THAT(traps(matmul("y = Exp(p)")), IsEmpty());
}

TEST(Inspect, FloatWeightsBetweenQuantizersAreATrap) {
  EXPECT_THAT(traps(R"(g (float[1,1,1,1] x) => (float y)
    <float s = {1}, uint8 z = {0}, float[1,1,1,1] w = {2}>
    { q = QuantizeLinear(x, s, z)  d = DequantizeLinear(q, s, z)  c = Conv(d, w)
      t = QuantizeLinear(c, s, z)  y = DequantizeLinear(t, s, z) })"),
              ElementsAre("own-weights c"));
}

TEST(Inspect, AScaleOfZeroIsATrap) {
  EXPECT_THAT(traps(R"(g (float[1] x) => (float[1] y) <float s = {0}, uint8 z = {0}>
    { q = QuantizeLinear(x, s, z)  y = DequantizeLinear(q, s, z) })"),
              ElementsAre("bad-scale x: 1 of its scales", "bad-scale q: 1 of its scales"));
}

TEST(Inspect, WeightsOfIntegerOperatorsAreSeen) {
  const Inspection one = inspected(R"(g (float[3,2] x) => (int32[3,2] y)
    <int8[2,2] w = {100,1,100,1}>
    { q, s, z = DynamicQuantizeLinear(x)  y = MatMulInteger(q, w, z) })");
  EXPECT_TRUE(one.is_quantized());
  ASSERT_EQ(one.weights.size(), 1U);
  EXPECT_EQ(one.weights[0].codes_used, 2);
  EXPECT_EQ(one.weights[0].saturating_channels, 1);  // column 0: 100 + 100
  EXPECT_EQ(one.macs.at(ProductKind::kWeights).predicted_int8, 12);
}

TEST(Inspect, MetadataAreThoseOfZeropointWithoutThePlan) {
  auto proto = onnx_model("g (float[1] x) => (float[1] y) { y = Exp(x) }");
  const auto add = [&](const std::string& key) {
    auto& entry = *proto.add_metadata_props();
    entry.set_key(key);
    entry.set_value("value");
  };
  add("zeropoint.version");
  add("zeropoint.plan");
  add("author");
  const auto model = Model::parse(proto.SerializeAsString(), "model.onnx");
  const auto one = inspect(*model, Runtime::kOnnxRuntime);
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ(one->metadata.size(), 1U);
  EXPECT_EQ(one->metadata.at("zeropoint.version"), "value");
}

TEST(Inspect, EveryRealModel) {
  const auto folder = shared_data("models");
  if (!folder) GTEST_SKIP() << kNoSharedData;
  for (const auto& file : std::filesystem::directory_iterator(*folder)) {
    if (file.path().extension() != ".onnx") continue;
    SCOPED_TRACE(file.path().filename());
    const auto model = Model::load(file.path());
    ASSERT_TRUE(model) << model.error().message;
    for (const Runtime runtime : {Runtime::kOnnxRuntime, Runtime::kOpenVino}) {
      const auto one = inspect(*model, runtime);
      ASSERT_TRUE(one) << one.error().message;
      EXPECT_FALSE(one->is_quantized());
      EXPECT_THAT(one->traps, IsEmpty());
    }
  }
}

}  // namespace
}  // namespace zp
