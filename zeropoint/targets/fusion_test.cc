// Expected values: what ONNX Runtime 1.31.1 and OpenVINO 2026.4.1 did with the same graphs
// (docs/targets.md, "What fuses"); tests/fusion compares with the runtimes themselves.
#include "zeropoint/targets/fusion.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>

#include "tests/support/onnx_text.h"

namespace zp {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// By the first output of each node: "int8 QLinearConv", or "float: why".
std::map<std::string, std::string> predictions(const std::string& text, Runtime runtime) {
  const auto model = Model::parse(onnx_model(text).SerializeAsString(), "model.onnx");
  if (!model) {
    ADD_FAILURE() << model.error().message;
    return {};
  }
  const auto predicted = predict_fusion(*model, runtime);
  if (!predicted) {
    ADD_FAILURE() << predicted.error().message;
    return {};
  }
  std::map<std::string, std::string> by_output;
  for (const auto& one : *predicted) {
    std::string said(name(one.execution));
    if (!one.as.empty()) said += " " + one.as;
    if (!one.reason.empty()) said += ": " + one.reason;
    by_output[model->graph().node(one.node).output(0)] = said;
  }
  return by_output;
}

std::map<std::string, std::string> in_onnxruntime(const std::string& text) {
  return predictions(text, Runtime::kOnnxRuntime);
}
std::map<std::string, std::string> in_openvino(const std::string& text) {
  return predictions(text, Runtime::kOpenVino);
}

// A 1x1 Conv of x (uint8 codes of scale 1 with this zero point) into y; `after` reads c and makes
// r, which is quantized with `output_zero_point`.
std::string conv(const std::string& after, int output_zero_point, const std::string& more = "") {
  return fmt::format(R"(g (float[1,2,4,4] x) => (float y)
    <float s = {{1}}, uint8 z = {{128}}, uint8 o = {{{}}}, int8 wz = {{0}}, int8[2,2,1,1] w = {{1,2,3,4}}{}>
    {{ q = QuantizeLinear(x, s, z)  d = DequantizeLinear(q, s, z)
       f = DequantizeLinear(w, s, wz)  c = Conv(d, f)
       {}
       t = QuantizeLinear(r, s, o)  y = DequantizeLinear(t, s, o) }})",
                     output_zero_point, more, after);
}

TEST(OnnxRuntime, ConvBetweenQuantizersBecomesQLinearConv) {
  const auto said = in_onnxruntime(conv("r = Relu(c)", 0));
  EXPECT_EQ(said.at("c"), "int8 QLinearConv");
  EXPECT_EQ(said.at("r"), "absorbed: its quantizer implies it");
}

TEST(OnnxRuntime, AReluThatItsQuantizerDoesNotImplyKeepsTheConvInFloat) {
  const auto said = in_onnxruntime(conv("r = Relu(c)", 128));
  EXPECT_EQ(said.at("c"), "float: a Relu follows whose QuantizeLinear has zero point 128, not 0");
}

TEST(OnnxRuntime, AClipGoesWhereTheCodesStayWithinItsLimits) {
  const std::string limits = ", float low = {0}, float high = {255}, float small = {6}";
  EXPECT_EQ(in_onnxruntime(conv("r = Clip(c, low, high)", 0, limits)).at("c"), "int8 QLinearConv");
  EXPECT_THAT(in_onnxruntime(conv("r = Clip(c, low, small)", 0, limits)).at("c"),
              HasSubstr("a Clip follows whose QuantizeLinear goes beyond its limits"));
}

TEST(OnnxRuntime, AnotherReaderOfTheOutputKeepsTheConvInFloat) {
  const auto said = in_onnxruntime(conv("r = Identity(c)  e = Exp(c)", 0));
  EXPECT_EQ(said.at("c"), "float: its output has 2 readers; expected one QuantizeLinear");
  EXPECT_EQ(said.at("e"), "float: its inputs are not quantized");
}

TEST(OnnxRuntime, QuantizersMoveOverReshapeAndMaxPool) {
  const auto said = in_onnxruntime(
      conv("m = MaxPool<kernel_shape=[2,2]>(c)  r = Reshape(m, n)", 0, ", int64[2] n = {1, -1}"));
  EXPECT_EQ(said.at("c"), "int8 QLinearConv");
  EXPECT_EQ(said.at("m"), "int8 MaxPool");
  EXPECT_EQ(said.at("r"), "int8 Reshape");
}

TEST(OnnxRuntime, ABiasOfAnotherScaleKeepsTheConvInFloat) {
  const auto with_bias = [](double scale) {
    return fmt::format(R"(g (float[1,1,1,1] x) => (float y)
      <float s = {{0.5}}, uint8 z = {{128}}, int8 wz = {{0}}, int8[1,1,1,1] w = {{1}},
       int32[1] b = {{3}}, float[1] bs = {{{}}}, int32[1] bz = {{0}}>
      {{ q = QuantizeLinear(x, s, z)  d = DequantizeLinear(q, s, z)
         f = DequantizeLinear(w, s, wz)  e = DequantizeLinear<axis=0>(b, bs, bz)
         c = Conv(d, f, e)  t = QuantizeLinear(c, s, z)  y = DequantizeLinear(t, s, z) }})",
                       scale);
  };
  EXPECT_EQ(in_onnxruntime(with_bias(0.25)).at("c"), "int8 QLinearConv");
  EXPECT_EQ(in_onnxruntime(with_bias(0.252)).at("c"), "int8 QLinearConv");  // within 1 %
  EXPECT_THAT(in_onnxruntime(with_bias(0.26)).at("c"), HasSubstr("the scale of its bias"));
}

TEST(OnnxRuntime, FloatWeightsBetweenQuantizersAreQuantizedByTheRuntime) {
  const auto said = in_onnxruntime(R"(g (float[1,1,1,1] x) => (float y)
    <float s = {1}, uint8 z = {0}, float[1,1,1,1] w = {2}>
    { q = QuantizeLinear(x, s, z)  d = DequantizeLinear(q, s, z)  c = Conv(d, w)
      t = QuantizeLinear(c, s, z)  y = DequantizeLinear(t, s, z) })");
  EXPECT_EQ(
      said.at("c"),
      "int8 QLinearConv: its float weights are quantized per tensor when the model is loaded");
}

// x times weights, then `after`, which reads p and makes y.
std::string matmul(const std::string& after, const std::string& x = "float[2,3,4] x") {
  return fmt::format(R"(g ({}) => (float y)
    <float s = {{1}}, uint8 z = {{3}}, int8 wz = {{0}}, int8[4,2] w = {{1,2,3,4,5,6,7,8}},
     float[2] f = {{1,2}}, float[1,2] row = {{1,2}}, int32[2] i = {{1,2}}, int32 iz = {{0}}>
    {{ q = QuantizeLinear(x, s, z)  d = DequantizeLinear(q, s, z)  v = DequantizeLinear(w, s, wz)
       p = MatMul(d, v)  {} }})",
                     x, after);
}

TEST(OnnxRuntime, AMatMulNeedsNoQuantizerBehindIt) {
  EXPECT_EQ(in_onnxruntime(matmul("y = Exp(p)")).at("p"), "int8 MatMulIntegerToFloat");
  EXPECT_EQ(
      in_onnxruntime(matmul("t = QuantizeLinear(p, s, z)  y = DequantizeLinear(t, s, z)")).at("p"),
      "int8 QLinearMatMul");
}

TEST(OnnxRuntime, AMatMulWithAFloatBiasBecomesAFloatGemm) {
  EXPECT_THAT(in_onnxruntime(matmul("y = Add(p, f)")).at("p"), HasSubstr("it becomes a Gemm"));
  // With the bias as int32 codes it is one in integers, with a bias of two dimensions it is none,
  // and not where the shape of the data is open.
  EXPECT_EQ(in_onnxruntime(matmul("b = DequantizeLinear(i, s, iz)  y = Add(p, b)")).at("p"),
            "int8 QGemm");
  EXPECT_EQ(in_onnxruntime(matmul("y = Add(p, row)")).at("p"), "int8 MatMulIntegerToFloat");
  EXPECT_EQ(in_onnxruntime(matmul("y = Add(p, f)", "float[N,3,4] x")).at("p"),
            "int8 MatMulIntegerToFloat");
}

TEST(OnnxRuntime, WeightsAloneBecomeMatMulNBits) {
  const auto said = in_onnxruntime(R"(g (float[2,4] x) => (float y)
    <float s = {1}, int8 z = {0}, int8[4,2] w = {1,2,3,4,5,6,7,8}>
    { v = DequantizeLinear(w, s, z)  y = MatMul(x, v) })");
  EXPECT_EQ(said.at("y"), "weight-only MatMulNBits: its data input is not quantized");
}

TEST(OnnxRuntime, SignedActivationsFuseWhereOneNodeReadsThem) {
  const auto with_readers = [](const std::string& more, const std::string& outputs) {
    return fmt::format(R"(g (float[1,1,1,1] x) => ({})
      <float s = {{1}}, int8 z = {{0}}, int8[1,1,1,1] w = {{1}}>
      {{ q = QuantizeLinear(x, s, z)  d = DequantizeLinear(q, s, z)  f = DequantizeLinear(w, s, z)
         c = Conv(d, f)  {}  t = QuantizeLinear(c, s, z)  y = DequantizeLinear(t, s, z) }})",
                       outputs, more);
  };
  EXPECT_EQ(in_onnxruntime(with_readers("", "float y")).at("c"), "int8 QLinearConv");
  EXPECT_THAT(in_onnxruntime(with_readers("e = Exp(d)", "float y, float e")).at("c"),
              HasSubstr("signed activations"));
}

TEST(OnnxRuntime, OneScaleAChannelOnActivationsIsRefused) {
  const auto said = in_onnxruntime(R"(g (float[1,2,1,1] x, float[1,2,1,1] v) => (float y)
    <float[2] s = {1,2}, uint8[2] z = {0,0}, float a = {1}, uint8 b = {0}>
    { q = QuantizeLinear<axis=1>(x, s, z)  d = DequantizeLinear<axis=1>(q, s, z)
      p = QuantizeLinear(v, a, b)  e = DequantizeLinear(p, a, b)  c = Add(d, e)
      t = QuantizeLinear(c, a, b)  y = DequantizeLinear(t, a, b) })");
  EXPECT_EQ(said.at("c"), "refused: it cannot have one scale a channel");
}

TEST(OpenVino, ConvsRunInIntegersWhateverFollows) {
  EXPECT_EQ(in_openvino(conv("r = Relu(c)", 128)).at("c"), "int8 Convolution");
  EXPECT_THAT(in_openvino(conv("r = Relu(c)", 128)).at("r"), HasSubstr("elementwise"));
}

TEST(OpenVino, UnsignedWeightsStayInFloat) {
  const auto said = in_openvino(R"(g (float[1,1,1,1] x) => (float c)
    <float s = {1}, uint8 z = {128}, uint8[1,1,1,1] w = {2}>
    { q = QuantizeLinear(x, s, z)  d = DequantizeLinear(q, s, z)  f = DequantizeLinear(w, s, z)
      c = Conv(d, f) })");
  EXPECT_EQ(said.at("c"), "float: its weights are not int8 with zero point 0");
}

TEST(OpenVino, CodesPassThroughReshapeAndThroughAReluWithZeroPoint0) {
  const auto said = [](const std::string& zero_point, const std::string& op) {
    return in_openvino(fmt::format(R"(g (float[1,1,1,4] x) => (float c)
      <float s = {{1}}, uint8 z = {{{}}}, int8 wz = {{0}}, int8[1,1,1,1] w = {{1}},
       int64[4] n = {{1,1,2,2}}>
      {{ q = QuantizeLinear(x, s, z)  d = DequantizeLinear(q, s, z)  f = DequantizeLinear(w, s, wz)
         a = {}  c = Conv(a, f) }})",
                                   zero_point, op))
        .at("c");
  };
  EXPECT_EQ(said("7", "Reshape(d, n)"), "int8 Convolution");
  EXPECT_EQ(said("0", "Relu(d)"), "int8 Convolution");
  EXPECT_EQ(said("7", "Relu(d)"), "float: its input is not quantized");
}

TEST(OpenVino, TwoQuantizersBehindAConcatCrashIt) {
  const auto said = [](int zero_point) {
    return in_openvino(fmt::format(R"(g (float[1,1,1,1] x) => (float y)
      <float s = {{1}}, uint8 z = {{{}}}, uint8 o = {{0}}>
      {{ q = QuantizeLinear(x, s, z)  d = DequantizeLinear(q, s, z)  c = Concat<axis=1>(d, d)
         p = QuantizeLinear(c, s, z)  e = DequantizeLinear(p, s, z)  r = Relu(e)
         t = QuantizeLinear(r, s, o)  y = DequantizeLinear(t, s, o) }})",
                                   zero_point))
        .at("c");
  };
  EXPECT_THAT(said(128), HasSubstr("OpenVINO crashes"));
  EXPECT_EQ(said(0), "int8 Concat");
}

TEST(Fusion, ShapesAndIndicesGetNoPrediction) {
  const auto said = in_onnxruntime(R"(g (float[N,4] x) => (float y)
    <int64 one = {1}, int64[1] rest = {-1}, int64 zero = {0}>
    { n = Shape(x)  b = Gather(n, zero)  u = Unsqueeze(b, rest)  v = Concat<axis=0>(u, rest)
      y = Reshape(x, v) })");
  EXPECT_EQ(said.size(), 1U);
  EXPECT_EQ(said.at("y"), "float: its inputs are not quantized");
}

TEST(Fusion, AScaleThatCannotBeReadIsAnErrorThatNamesTheNode) {
  auto proto = onnx_model(R"(g (float[1] x) => (uint8[1] y) <float s = {1}, uint8 z = {0}>
    { y = QuantizeLinear(x, s, z) })");
  proto.mutable_graph()->mutable_initializer(0)->clear_float_data();
  proto.mutable_graph()->mutable_initializer(0)->set_raw_data("abc");
  const auto model = Model::parse(proto.SerializeAsString(), "model.onnx");
  ASSERT_TRUE(model) << model.error().message;
  const auto predicted = predict_fusion(*model, Runtime::kOnnxRuntime);
  ASSERT_FALSE(predicted);
  EXPECT_THAT(predicted.error().message, HasSubstr("QuantizeLinear node"));
}

TEST(Runtimes, NamesAreReadBack) {
  EXPECT_EQ(parse_runtime("openvino").value(), Runtime::kOpenVino);
  EXPECT_EQ(parse_runtime(name(Runtime::kOnnxRuntime)).value(), Runtime::kOnnxRuntime);
  EXPECT_THAT(parse_runtime("tflite").error().message, HasSubstr("expected onnxruntime"));
}

}  // namespace
}  // namespace zp
