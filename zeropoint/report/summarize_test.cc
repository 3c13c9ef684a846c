#include "zeropoint/report/summarize.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include "tests/support/onnx_graphs.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

PreparedModel prepared(const std::string& text) {
  Model model = model_of(text);
  ValueInfos values = infer_values(model).value();
  PreparedModel prepared{std::move(model), std::move(values), {}, {}, {}};
  prepared.source_size = 1234;
  return prepared;
}

NodePlan node(const std::string& name, const std::string& op_type, bool quantized,
              const std::string& reason = "") {
  NodePlan plan;
  plan.node = name;
  plan.op_type = op_type;
  plan.quantized = quantized;
  plan.reason = reason;
  return plan;
}

// As many ones, for a weight.
std::string ones(int count) {
  return fmt::format("{{{}}}", fmt::join(std::vector<int>(static_cast<size_t>(count), 1), ", "));
}

// A Conv of 4 * 2 * 2 outputs with 2 products each, 32; a Gemm of 16 * 10, 160; a product of
// activations.
PreparedModel some_model() {
  return prepared(fmt::format(R"(g (float[1,2,2,2] x) => (float[1,10] y, float[1,1] z)
    <float[4,2,1,1] w = {}, float[16,10] v = {}> {{
      [conv] c = Conv(x, w)
      [shape] s = Shape(c)
      [relu] r = Relu(c)
      [flatten] f = Flatten(r)
      [gemm] y = Gemm(f, v)
      [transpose] t = Transpose<perm = [1, 0]>(y)
      [product] z = MatMul(y, t)
    }})",
                              ones(8), ones(160)));
}

Plan plan_of_model() {
  Plan plan;
  plan.target = "tensorrt";
  plan.nodes = {node("conv", "Conv", true),
                node("shape", "Shape", false, "no rule"),
                node("relu", "Relu", true),
                node("flatten", "Flatten", false, "not between"),
                node("gemm", "Gemm", false, "excluded"),
                node("transpose", "Transpose", false, "not between"),
                node("product", "MatMul", false, "a product of two activations")};
  return plan;
}

TEST(Summarize, CountsNodesAndMultiplyAccumulates) {
  QuantizeReport report;
  summarize(some_model(), plan_of_model(), nullptr, {}, report);
  EXPECT_EQ(report.target, "tensorrt");
  EXPECT_FALSE(report.is_run_in_tests);
  EXPECT_EQ(report.size_before, 1234U);
  EXPECT_EQ(report.nodes, 7);
  EXPECT_EQ(report.nodes_quantized, 2);
  EXPECT_EQ(report.macs, 32 + 160);
  EXPECT_EQ(report.macs_quantized, 32);
  EXPECT_EQ(report.macs_unknown, 0);
}

TEST(Summarize, NamesWhatComputesInFloatTheLargestFirst) {
  QuantizeReport report;
  summarize(some_model(), plan_of_model(), nullptr, {}, report);
  std::vector<std::string> names;
  for (const auto& in_float : report.in_float) names.push_back(in_float.node);
  // Moving values and computing shapes costs nothing worth a line.
  EXPECT_THAT(names, ElementsAre("gemm", "product"));
  EXPECT_EQ(report.in_float[0].macs, 160);
  EXPECT_EQ(report.in_float[0].reason, "excluded");
}

TEST(Summarize, NamesWhatIsQuantizedAndRunsInFloat) {
  Plan plan = plan_of_model();
  plan.nodes[4].quantized = true;
  QuantizeReport unknown;
  summarize(some_model(), plan, nullptr, {}, unknown);
  EXPECT_FALSE(unknown.macs_run_in_int8);
  plan.nodes[0].runs = RunPrediction{"float", "", "two nodes read its codes"};
  plan.nodes[2].runs = RunPrediction{"elementwise", "", "fused with its neighbours"};
  plan.nodes[4].runs = RunPrediction{"int8", "QGemm", ""};
  QuantizeReport report;
  summarize(some_model(), plan, nullptr, {}, report);
  EXPECT_EQ(report.macs_quantized, 32 + 160);
  EXPECT_EQ(report.macs_run_in_int8, 160);
  ASSERT_EQ(report.not_in_integers.size(), 1U);
  EXPECT_EQ(report.not_in_integers[0].node, "conv");
  EXPECT_EQ(report.not_in_integers[0].reason, "two nodes read its codes");
}

TEST(Summarize, CountsASampleAtItsSizes) {
  const PreparedModel model =
      prepared("g (float[N,3] x) => (float[N,4] y) <float[3,4] w = " + ones(12) +
               "> { [first] y = MatMul(x, w) }");
  Plan plan;
  plan.target = "onnxruntime";
  plan.nodes = {node("first", "MatMul", true)};
  QuantizeReport report;
  summarize(model, plan, nullptr, {{"x", {5, 3}}}, report);
  EXPECT_EQ(report.macs, 5 * 3 * 4);
}

// Reshaped by what the model computes: only the run tells the sizes.
TEST(Summarize, CountsWhatTheSamplesHaveShown) {
  const PreparedModel model =
      prepared("g (float[6] x, int64[2] to) => (float[A,4] y) <float[3,4] w = " + ones(12) + R"(> {
        [reshape] r = Reshape(x, to)
        [flat] f = Reshape(r, to)
        [first] y = MatMul(f, w)
      })");
  Plan plan;
  plan.target = "onnxruntime";
  plan.nodes = {node("reshape", "Reshape", false), node("flat", "Reshape", false),
                node("first", "MatMul", true)};
  CalibrationStatistics statistics;
  statistics.samples = {{{1, 1}, "a"}, {{2, 2}, "b"}};
  TensorStatistics& f = statistics.tensors["f"];
  ASSERT_TRUE(f.fit.observe(std::vector<float>(6, 1.0F)));
  ASSERT_TRUE(f.held_back.observe(std::vector<float>(6, 1.0F)));
  QuantizeReport report;
  summarize(model, plan, &statistics, {}, report);
  // Six elements a sample, each into four channels.
  EXPECT_EQ(report.macs, 24);
}

ActivationPlan activation(const std::string& tensor, float scale, int32_t zero_point) {
  ActivationPlan plan;
  plan.tensor = tensor;
  plan.params = {.type = IntType::kUint8, .scale = scale, .zero_point = zero_point};
  return plan;
}

TEST(Summarize, TellsLossesFromValuesThatNobodyMisses) {
  const PreparedModel model = prepared(R"(g (float[4] x, float[4] o) => (float[4] y, float[4] p) {
      [sigmoid] s = Sigmoid(x)
      [product] y = Mul(x, s)
      [negated] p = Neg(o)
    })");
  Plan plan;
  plan.target = "onnxruntime";
  plan.nodes = {node("sigmoid", "Sigmoid", false), node("product", "Mul", false),
                node("negated", "Neg", false)};
  // -8 to 17.5 in steps of 0.1.
  plan.activations = {activation("x", 0.1F, 80), activation("o", 0.1F, 80)};
  CalibrationStatistics statistics;
  statistics.samples = {{{1, 1}, "a"}};
  for (const char* tensor : {"x", "o"}) {
    ASSERT_TRUE(statistics.tensors[tensor].fit.observe(std::vector<float>{-20, -9, 0, 17}));
  }
  QuantizeReport report;
  summarize(model, plan, &statistics, {}, report);
  ASSERT_EQ(report.flattened.size(), 1U);
  EXPECT_EQ(report.flattened[0].tensor, "x");
  EXPECT_DOUBLE_EQ(report.flattened[0].use.flattened, 0.5);
  ASSERT_EQ(report.saturating.size(), 1U);
  EXPECT_EQ(report.saturating[0].tensor, "o");
  EXPECT_DOUBLE_EQ(report.saturating[0].use.saturated, 0.5);
}

// A mask before a Softmax, cut at -40.
TEST(Summarize, MasksThatAreCutAreNoLoss) {
  const PreparedModel model = prepared(R"(g (float[4] x) => (float[4] y) { [s] y = Softmax(x) })");
  Plan plan;
  plan.target = "qnn";
  plan.nodes = {node("s", "Softmax", true)};
  plan.activations = {activation("x", 0.2F, 200)};
  plan.activations[0].range = {-40, 11};
  plan.activations[0].cut_below = true;
  CalibrationStatistics statistics;
  statistics.samples = {{{1, 1}, "a"}};
  ASSERT_TRUE(statistics.tensors["x"].fit.observe(std::vector<float>{-1e9F, -24, 0, 10}));
  QuantizeReport report;
  summarize(model, plan, &statistics, {}, report);
  EXPECT_TRUE(report.saturating.empty());
  ASSERT_EQ(report.flattened.size(), 1U);
  EXPECT_DOUBLE_EQ(report.flattened[0].use.flattened, 0.25);
}

TEST(Summarize, PutsTheWorstRangesFirst) {
  const PreparedModel model = some_model();
  Plan plan = plan_of_model();
  plan.activations = {activation("x", 1, 0), activation("c", 10, 0), activation("f", 0.01F, 0)};
  CalibrationStatistics statistics;
  statistics.samples = {{{1, 1}, "a"}};
  for (const auto& one : plan.activations) {
    ASSERT_TRUE(statistics.tensors[one.tensor].fit.observe(std::vector<float>{0, 1, 2, 3}));
  }
  QuantizeReport report;
  summarize(model, plan, &statistics, {}, report);
  // 3 of 255 and of 2550.
  ASSERT_EQ(report.wasteful.size(), 2U);
  EXPECT_EQ(report.wasteful[0].tensor, "c");
  EXPECT_EQ(report.wasteful[1].tensor, "x");
  ASSERT_EQ(report.saturating.size(), 1U);
  EXPECT_EQ(report.saturating[0].tensor, "f");
}

TEST(Describe, NamesWhatPreparationDid) {
  PrepareReport report;
  EXPECT_THAT(describe(report), IsEmpty());
  report.opset = {.before = 9, .after = 13, .note = "a note"};
  report.inputs_made_constant = {"w", "v"};
  report.passes = {{"constants", 3}, {"fold_pad", 0}, {"fold_constants", 1}};
  EXPECT_THAT(describe(report),
              ElementsAre("opset 9 -> 13", "a note",
                          "2 inputs that have a default are constants now: \"w\", ...",
                          "constants 3, fold_constants 1"));
}

}  // namespace
}  // namespace zp
