#include "zeropoint/evaluate/simulated_model.h"

#include <gmock/gmock.h>

#include <vector>

#include "tests/support/onnx_graphs.h"
#include "zeropoint/engine/engine.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What the engine computes of a model of one input x and one output.
std::vector<float> run(const Model& model, const Tensor& x) {
  auto engine = Engine::compile({.path = "test.onnx", .bytes = model.serialize().value()}, {});
  EXPECT_TRUE(engine) << engine.error().message;
  const std::vector<NamedTensor> inputs{{"x", x}};
  const auto run = engine->run(0, inputs);
  EXPECT_TRUE(run) << run.error().message;
  const auto values = run->outputs[0].as<float>();
  return {values.begin(), values.end()};
}

Tensor tensor(const std::vector<int64_t>& dims, const std::vector<float>& values) {
  return Tensor::of<float>(Shape::make(dims).value(), values).value();
}

Model simulated(const Model& quantized) {
  auto model = simulated_model(quantized);
  EXPECT_TRUE(model) << model.error().message;
  expect_valid(*model);
  return *std::move(model);
}

// Computed by ONNX Runtime 1.31.1 with all optimizations disabled, which runs each node as it is
// written. No value lies closer to a tie than 0.018 codes, so that the order of the sums in Conv
// does not matter.
TEST(SimulatedModel, ComputesWhatOnnxRuntimeComputesOfTheNodesAsWritten) {
  const Model quantized = model_of(R"(g (float[1,2,3,3] x) => (float[1,3,3,3] y)
      <float xs = {0.0371}, uint8 xz = {117},
       int8[3,2,1,1] wq = {127, -54, 33, 101, -88, 7}, float[3] ws = {0.0123, 0.0071, 0.0093},
       int8[3] wz = {0, 0, 0},
       int32[3] bq = {113, -57, 250}, float[3] bs = {0.00045633, 0.00026341, 0.00034503},
       float ys = {0.0291}, uint8 yz = {128}> {
        xq = QuantizeLinear(x, xs, xz)
        xd = DequantizeLinear(xq, xs, xz)
        w = DequantizeLinear<axis = 0>(wq, ws, wz)
        b = DequantizeLinear<axis = 0>(bq, bs)
        c = Conv(xd, w, b)
        cq = QuantizeLinear(c, ys, yz)
        y = DequantizeLinear(cq, ys, yz)
      })");
  const Tensor x =
      tensor({1, 2, 3, 3}, {-4.4F, -1.7F, -0.93F, -0.31F, 0, 0.27F, 0.88F, 1.9F, 6.3F, 2.2F, -2.6F,
                            0.05F, -0.07F, 3.1F, -3.9F, 1.1F, 0.41F, -0.66F});
  const std::vector<float> expected{
      -3.7248001098632812F,  -0.9021000266075134F, -1.4258999824523926F, -0.3492000102996826F,
      -2.0078999996185303F,  3.055500030517578F,   0.6984000205993652F,  2.7354001998901367F,
      3.695700168609619F,    0.5238000154495239F,  -2.2698001861572266F, -0.2037000060081482F,
      -0.14550000429153442F, 2.2116000652313232F,  -2.7354001998901367F, 0.9894000291824341F,
      0.7275000214576721F,   0.6984000205993652F,  3.695700168609619F,   1.309499979019165F,
      0.8439000248908997F,   0.32010000944137573F, 0.29100000858306885F, -0.3783000111579895F,
      -0.5820000171661377F,  -1.4258999824523926F, -3.7248001098632812F};
  EXPECT_EQ(run(simulated(quantized), x), expected);
}

// scale 0.5, codes of uint8 less 4: from -2 to 125.5. Ties go to the even code.
TEST(SimulatedModel, RoundsHalfToEvenAndSaturates) {
  const Model quantized = model_of(R"(g (float[7] x) => (float[7] y)
      <float s = {0.5}, uint8 z = {4}> {
        q = QuantizeLinear(x, s, z)
        y = DequantizeLinear(q, s, z)
      })");
  const Tensor x = tensor({7}, {0.25F, 0.75F, -0.25F, -0.75F, -2.25F, 1000, -1000});
  EXPECT_THAT(run(simulated(quantized), x), ElementsAre(0, 1, 0, -1, -2, 125.5, -2));
}

TEST(SimulatedModel, HasNoCodesLeft) {
  const Model quantized = model_of(R"(g (float[2] x) => (float[2] y)
      <float s = {0.5}, int8 z = {0}, float[2] w = {0.3, -100}> {
        wq = QuantizeLinear(w, s, z)
        wd = DequantizeLinear(wq, s, z)
        xq = QuantizeLinear(x, s, z)
        xd = DequantizeLinear(xq, s, z)
        xe = DequantizeLinear(xq, s, z)
        a = Add(xd, wd)
        y = Add(a, xe)
      })");
  const Model model = simulated(quantized);
  for (const auto& node : model.graph().node()) {
    EXPECT_THAT(node.op_type(), ::testing::AnyOf("Div", "Round", "Clip", "Mul", "Add"));
  }
  // A weight that the model itself quantizes is a constant: 0.3 -> code 1, -100 -> code -128.
  EXPECT_THAT(floats_of(model.graph(), "wd"), ElementsAre(0.5F, -64));
  EXPECT_THAT(run(model, tensor({2}, {1, 2})), ElementsAre(2.5F, -60));
}

TEST(SimulatedModel, LeavesTheQuantizedModelAsItIs) {
  const Model quantized = model_of(R"(g (float[2] x) => (float[2] y) <float s = {0.5}, int8 z = {0}>
      { q = QuantizeLinear(x, s, z)  y = DequantizeLinear(q, s, z) })");
  const Hash128 before = quantized.hash().value();
  simulated(quantized);
  EXPECT_EQ(quantized.hash().value(), before);
}

TEST(SimulatedModel, NamesANodeWhoseParametersItDoesNotKnow) {
  const auto by_channel = simulated_model(model_of(R"(g (float[2,2] x) => (float[2,2] y)
      <float[2] s = {0.5, 1}, int8[2] z = {0, 0}> {
        [quantize] q = QuantizeLinear<axis = 1>(x, s, z)
        y = DequantizeLinear<axis = 1>(q, s, z)
      })"));
  ASSERT_FALSE(by_channel);
  EXPECT_THAT(by_channel.error().message, HasSubstr("no parameters for a whole tensor"));
  EXPECT_THAT(by_channel.error().message, HasSubstr("QuantizeLinear node"));
  const auto computed = simulated_model(model_of(R"(g (float[2] x, int8 z) => (float[2] y)
      <float s = {0.5}> { q = QuantizeLinear(x, s, z)  y = DequantizeLinear(q, s, z) })"));
  ASSERT_FALSE(computed);
  EXPECT_THAT(computed.error().message, HasSubstr("\"z\" is no constant"));
}

}  // namespace
}  // namespace zp
