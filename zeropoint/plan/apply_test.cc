#include "zeropoint/plan/apply.h"

#include <gmock/gmock.h>
#include <algorithm>
#include <limits>

#include "tests/support/onnx_graphs.h"
#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kConv = R"(g (float[1,2,2,2] x) => (float[1,2,2,2] y)
    <float[2,2,1,1] w = {1, -0.5, 0.25, 0.1}, float[2] b = {0.3, -1}> {
      [conv] c = Conv(x, w, b)
      [relu] y = Relu(c)
    })";

ActivationPlan activation(const std::string& tensor, float scale, int32_t zero_point,
                          Readers readers) {
  ActivationPlan plan;
  plan.tensor = tensor;
  plan.params = {IntType::kUint8, NarrowRange::kNo, scale, zero_point};
  plan.readers = readers;
  return plan;
}

NodePlan quantized(const std::string& node, std::vector<WeightPlan> weights = {}) {
  NodePlan plan;
  plan.node = node;
  plan.quantized = true;
  plan.weights = std::move(weights);
  return plan;
}

WeightPlan weight(const std::string& tensor, std::vector<float> scales, int input = 1) {
  WeightPlan plan;
  plan.tensor = tensor;
  plan.input = input;
  plan.scales = std::move(scales);
  return plan;
}

Plan plan_for(const Model& model) {
  Plan plan;
  plan.tool = "zeropoint test";
  plan.target = "onnxruntime";
  plan.model_hash = model.hash().value().hex();
  return plan;
}

// The usual plan of kConv: codes in and out, weights by channel.
Plan conv_plan(const Model& model) {
  Plan plan = plan_for(model);
  plan.activations = {activation("x", 0.1F, 3, Readers::kQuantized),
                      activation("y", 0.2F, 0, Readers::kAll)};
  WeightPlan w = weight("w", {0.01F, 0.002F});
  w.axis = 0;
  plan.nodes = {quantized("conv", {w}), quantized("relu")};
  plan.nodes[0].bias = BiasPlan{"b", 2, {}};
  return plan;
}

void apply_to(Model& model, const Plan& plan) {
  const Status applied = apply(model, plan);
  ASSERT_TRUE(applied) << applied.error().message;
  expect_valid(model);
}

std::string error_of(const char* graph, const auto& change) {
  Model model = model_of(graph);
  Plan plan = conv_plan(model);
  change(plan);
  const Status applied = apply(model, plan);
  return applied ? "no error" : applied.error().message;
}

std::vector<int32_t> codes_of(const Model& model, const std::string& name) {
  for (const auto& tensor : model.graph().initializer()) {
    if (tensor.name() != name) continue;
    const Tensor value = model.read(tensor).value();
    std::vector<int32_t> codes;
    const auto bytes = value.bytes();
    for (size_t i = 0; i < static_cast<size_t>(value.size()); ++i) {
      switch (value.type()) {
        case DataType::kInt8:
          codes.push_back(static_cast<int8_t>(bytes[i]));
          break;
        case DataType::kUint8:
          codes.push_back(static_cast<uint8_t>(bytes[i]));
          break;
        default:
          int32_t code = 0;
          std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(i * sizeof code), sizeof code,
                      reinterpret_cast<std::byte*>(&code));
          codes.push_back(code);
      }
    }
    return codes;
  }
  ADD_FAILURE() << "no initializer " << name;
  return {};
}

TEST(Apply, PutsQuantizersBehindActivationsAndIntegersInPlaceOfWeights) {
  Model model = model_of(kConv);
  apply_to(model, conv_plan(model));
  EXPECT_THAT(
      nodes_of(model.graph()),
      ElementsAre("x_quantized = QuantizeLinear(x, x_scale, x_zero_point)",
                  "x_dequantized = DequantizeLinear(x_quantized, x_scale, x_zero_point)",
                  "w_dequantized = DequantizeLinear(w_quantized, w_scale, w_zero_point)",
                  "b_dequantized = DequantizeLinear(b_quantized, b_scale)",
                  "c = Conv(x_dequantized, w_dequantized, b_dequantized)", "y_float = Relu(c)",
                  "y_quantized = QuantizeLinear(y_float, y_scale, y_zero_point)",
                  "y = DequantizeLinear(y_quantized, y_scale, y_zero_point)"));
  EXPECT_THAT(floats_of(model.graph(), "x_scale"), ElementsAre(0.1F));
  EXPECT_THAT(codes_of(model, "x_zero_point"), ElementsAre(3));
  // 1 / 0.01, -0.5 / 0.01; 0.25 / 0.002 and 0.1 / 0.002.
  EXPECT_THAT(codes_of(model, "w_quantized"), ElementsAre(100, -50, 125, 50));
  // 0.3 / (0.1 * 0.01) and -1 / (0.1 * 0.002).
  EXPECT_THAT(codes_of(model, "b_quantized"), ElementsAre(300, -5000));
  EXPECT_EQ(int_attribute(model.graph().node(2), "axis", -1), 0);
  EXPECT_TRUE(floats_of(model.graph(), "w").empty()) << "the float weight is gone";
}

TEST(Apply, NodesInFloatReadFloats) {
  Model model = model_of(R"(g (float[4,2] x) => (float[4,2] y, float[4,2] z)
      <float[2,2] w = {1, 2, 3, 4}> { [n] t = Neg(x) [p] y = MatMul(t, w) [s] z = Sigmoid(t) })");
  Plan plan = plan_for(model);
  plan.activations = {activation("t", 0.1F, 0, Readers::kQuantized)};
  plan.nodes = {quantized("p", {weight("w", {0.05F})})};
  apply_to(model, plan);
  EXPECT_THAT(nodes_of(model.graph()), testing::Contains("z = Sigmoid(t)"));
  EXPECT_THAT(nodes_of(model.graph()),
              testing::Contains("y = MatMul(t_dequantized, w_dequantized)"));
}

TEST(Apply, ReadersAllMeansAll) {
  Model model = model_of(R"(g (float[4,2] x) => (float[4,2] y, float[4,2] z)
      <float[2,2] w = {1, 2, 3, 4}> { [n] t = Neg(x) [p] y = MatMul(t, w) [s] z = Sigmoid(t) })");
  Plan plan = plan_for(model);
  plan.activations = {activation("t", 0.1F, 0, Readers::kAll)};
  plan.nodes = {quantized("p", {weight("w", {0.05F})})};
  apply_to(model, plan);
  EXPECT_THAT(nodes_of(model.graph()), testing::Contains("z = Sigmoid(t_dequantized)"));
}

TEST(Apply, ABiasIsCorrectedAndMadeWhereThereIsNone) {
  Model model = model_of(kConv);
  Plan plan = conv_plan(model);
  plan.nodes[0].bias->correction = {0.1F, 0};
  apply_to(model, plan);
  EXPECT_THAT(codes_of(model, "b_quantized"), ElementsAre(400, -5000));

  Model without = model_of(R"(g (float[1,1,2,2] x) => (float[1,1,2,2] y)
      <float[1,1,1,1] w = {1}> { [conv] y = Conv(x, w) })");
  plan = plan_for(without);
  plan.activations = {activation("x", 0.1F, 0, Readers::kQuantized)};
  plan.nodes = {quantized("conv", {weight("w", {0.01F})})};
  plan.nodes[0].bias = BiasPlan{"", 2, {0.5F}};
  apply_to(without, plan);
  EXPECT_THAT(codes_of(without, "conv_bias_quantized"), ElementsAre(500));
  EXPECT_THAT(nodes_of(without.graph()),
              testing::Contains("y = Conv(x_dequantized, w_dequantized, conv_bias_dequantized)"));
}

TEST(Apply, ForTensorRtWeightsStayFloatsBehindQuantizers) {
  Model model = model_of(kConv);
  Plan plan = conv_plan(model);
  plan.weight_q_dq = true;
  plan.nodes[0].bias->in_float = true;
  plan.nodes[0].bias->correction = {0.25F, 0};
  apply_to(model, plan);
  EXPECT_THAT(nodes_of(model.graph()),
              testing::Contains("w_quantized = QuantizeLinear(w, w_scale, w_zero_point)"));
  EXPECT_THAT(floats_of(model.graph(), "b_corrected"), ElementsAre(0.3F + 0.25F, -1));
}

// A table under its output's parameters; infinite masks saturate.
TEST(Apply, ConstantsThatAreReadLikeActivations) {
  Model model = model_of(R"(g (int64[2] ids) => (float[2,2] y) <float[3,2] t = {0, 1, 2, 3, 4, 5}> {
    [gather] y = Gather(t, ids)
  })");
  const auto values = Tensor::of<float>(
      Shape::make({3, 2}).value(),
      std::vector<float>{0, 1, 2.4F, -1, -std::numeric_limits<float>::infinity(), 25});
  ASSERT_TRUE(model.write(*model.graph().mutable_initializer(0), *values));
  Plan plan = plan_for(model);
  plan.activations = {activation("y", 0.1F, 10, Readers::kAll)};
  WeightPlan table = weight("t", {0.1F}, 0);
  table.type = IntType::kUint8;
  table.narrow = NarrowRange::kNo;
  table.zero_points = {10};
  plan.nodes = {quantized("gather", {table})};
  apply_to(model, plan);
  EXPECT_THAT(nodes_of(model.graph()),
              ElementsAre("t_dequantized = DequantizeLinear(t_quantized, t_scale, t_zero_point)",
                          "y_float = Gather(t_dequantized, ids)",
                          "y_quantized = QuantizeLinear(y_float, y_scale, y_zero_point)",
                          "y = DequantizeLinear(y_quantized, y_scale, y_zero_point)"));
  EXPECT_THAT(codes_of(model, "t_quantized"), ElementsAre(10, 20, 34, 0, 0, 255));
}

TEST(Apply, NodesShareTheCodesOfAConstantUnderTheSameParameters) {
  constexpr const char* kTied = R"(g (float[4,2] x) => (float[4,2] y)
      <float[2,2] w = {1, 2, 3, 4}> { [p] t = MatMul(x, w) [q] s = MatMul(t, w) [r] y = MatMul(s, w) })";
  Model model = model_of(kTied);
  Plan plan = plan_for(model);
  plan.activations = {activation("x", 0.1F, 0, Readers::kQuantized),
                      activation("t", 0.1F, 0, Readers::kAll),
                      activation("s", 0.1F, 0, Readers::kAll)};
  plan.nodes = {quantized("p", {weight("w", {0.05F})}), quantized("q", {weight("w", {0.05F})}),
                quantized("r", {weight("w", {0.1F})})};
  apply_to(model, plan);
  EXPECT_THAT(codes_of(model, "w_quantized"), ElementsAre(20, 40, 60, 80));
  EXPECT_THAT(codes_of(model, "w_quantized_1"), ElementsAre(10, 20, 30, 40));
  int codes = 0;
  for (const auto& tensor : model.graph().initializer()) {
    codes += tensor.name().starts_with("w_quantized") ? 1 : 0;
  }
  EXPECT_EQ(codes, 2);
}

TEST(Apply, LeavesItsTracesInTheModel) {
  Model model = model_of(kConv);
  Plan plan = conv_plan(model);
  plan.options = {{"cpu", "vnni"}};
  apply_to(model, plan);
  std::map<std::string, std::string> metadata;
  for (const auto& entry : model.proto().metadata_props()) metadata[entry.key()] = entry.value();
  EXPECT_EQ(metadata["zeropoint.version"], "zeropoint test");
  EXPECT_EQ(metadata["zeropoint.options"], R"({"cpu":"vnni"})");
  EXPECT_THAT(metadata["zeropoint.plan"], HasSubstr("\"zeropoint_plan\":1"));
}

TEST(Apply, ErrorsNameWhatDoesNotFit) {
  EXPECT_THAT(error_of(kConv, [](Plan& plan) { plan.model_hash = "0"; }),
              HasSubstr("the plan belongs to another model"));
  EXPECT_THAT(error_of(kConv, [](Plan& plan) { plan.nodes[0].node = "covn"; }),
              HasSubstr("the plan speaks of node \"covn\", which the model does not have"));
  EXPECT_THAT(error_of(kConv, [](Plan& plan) { plan.activations[0].tensor = "z"; }),
              HasSubstr("the plan speaks of tensor \"z\", which no node of the model makes"));
  EXPECT_THAT(error_of(kConv, [](Plan& plan) { plan.nodes[0].weights[0].tensor = "b"; }),
              HasSubstr("node \"conv\": its input 1 is not \"b\""));
  EXPECT_THAT(error_of(kConv,
                       [](Plan& plan) {
                         plan.nodes[0].weights[0].scales = {1, 2, 3};
                       }),
              HasSubstr("weight \"w\": the plan has 3 scales"));
  EXPECT_THAT(error_of(kConv, [](Plan& plan) { plan.activations.erase(plan.activations.begin()); }),
              HasSubstr("its bias has no scale"));
  EXPECT_THAT(error_of(kConv,
                       [](Plan& plan) {
                         plan.nodes[0].weights[0].scales = {1, 1e-10F};
                       }),
              HasSubstr("exceeds int32"));
}

}  // namespace
}  // namespace zp
