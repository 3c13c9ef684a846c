#include "zeropoint/quantizer/planner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <random>

#include "tests/support/onnx_graphs.h"
#include "zeropoint/quantizer/predict_runs.h"

namespace zp {
namespace {

using ::testing::HasSubstr;

// Observes values evenly spread over [low, high], by channel where weights read them.
Observer spread(double low, double high, int64_t channels = 0) {
  std::vector<float> values;
  const int64_t rows = 64;
  for (int64_t i = 0; i < rows * std::max<int64_t>(channels, 1); ++i) {
    const auto t = static_cast<double>(i * 37 % rows) / static_cast<double>(rows - 1);
    values.push_back(static_cast<float>(low + (high - low) * t));
  }
  if (channels == 0) {
    Observer observer;
    EXPECT_TRUE(observer.observe(values));
    return observer;
  }
  Observer observer = Observer::per_channel(channels).value();
  const Shape shape = Shape::make({rows, channels}).value();
  EXPECT_TRUE(observer.observe(TensorView<const float>::make(values, shape).value(), 1));
  return observer;
}

Result<Plan> plan_of(const Model& model, const Observers& observers, const char* target,
                     const std::vector<Choice>& choices = {}) {
  PlanOptions options;
  options.target = find_target(target).value();
  options.activations = options.target->activation_types.front();
  options.weights = options.target->weight_types.front();
  options.choices = choices;
  auto plan = make_plan(model, infer_values(model).value(), observers, options);
  if (plan) {
    const Status predicted = predict_runs(model, *plan);
    EXPECT_TRUE(predicted) << predicted.error().message;
  }
  return plan;
}

std::string floats(int count, const auto& value) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(value(i));
  return fmt::format("{{{}}}", fmt::join(values, ", "));
}

Model pool_model() {
  return model_of(R"(g (float[1,1,4,4] x) => (float[1,1,2,2] y) <float[1,1,1,1] w = {0.5}> {
    [a] c = Conv(x, w)
    [p] d = AveragePool<kernel_shape = [2, 2], strides = [2, 2]>(c)
    [b] y = Conv(d, w)
  })");
}

TEST(Planner, AveragesOfCodesWithAZeroPointStayInFloatForOpenVino) {
  const Model model = pool_model();
  Observers observers{
      {"x", spread(0, 1, 1)}, {"c", spread(0, 1)}, {"d", spread(0, 1, 1)}, {"y", spread(0, 1)}};
  auto plan = plan_of(model, observers, "onnxruntime");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_TRUE(find_node(*plan, "p")->quantized);
  observers["c"] = spread(-1, 1);
  plan = plan_of(model, observers, "onnxruntime");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_FALSE(find_node(*plan, "p")->quantized);
  EXPECT_THAT(find_node(*plan, "p")->reason, HasSubstr("OpenVINO computes wrong averages"));
  plan = plan_of(model, observers, "qnn");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_TRUE(find_node(*plan, "p")->quantized);
}

// A table of 256 rows, the last `large` times as large as the others.
Model table_model(double large, const char* op = "Gather(t, ids)") {
  return model_of(fmt::format(
      R"(g (int64[1] ids) => (float[A,16] y) <float[256,16] t = {}> {{ [e] v = {} [n] y = Neg(v) }})",
      floats(4096,
             [&](int i) { return 0.01 * ((i * 37) % 199 - 99) * (i >= 255 * 16 ? large : 1); }),
      op));
}

TEST(Planner, ATableIsKeptAsCodesUnderItsOutputsParameters) {
  const Model model = table_model(1);
  const auto plan = plan_of(model, {{"v", spread(-0.5, 0.5)}}, "onnxruntime");
  ASSERT_TRUE(plan) << plan.error().message;
  const NodePlan& node = *find_node(*plan, "e");
  EXPECT_TRUE(node.quantized);
  ASSERT_EQ(node.weights.size(), 1U);
  EXPECT_EQ(node.weights[0].input, 0);
  const QuantParams& output = find_activation(*plan, "v")->params;
  EXPECT_EQ(node.weights[0].scales[0], output.scale);
  EXPECT_EQ(node.weights[0].zero_points[0], output.zero_point);
  EXPECT_FLOAT_EQ(output.scale, 2 * 0.99F / 255) << "the table is wider than what was looked up";
  // Gathered as codes.
  ASSERT_TRUE(node.runs);
  EXPECT_EQ(node.runs->execution, "int8");
  EXPECT_EQ(node.runs->as, "Gather");
}

TEST(Planner, ATableThatOneScaleDoesNotServeStaysInFloat) {
  // 8 bits leave the other rows about 50 dB under a scale of their own, 60 less under this one.
  const Model model = table_model(1000);
  const auto plan = plan_of(model, {{"v", spread(-0.5, 0.5)}}, "onnxruntime");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_FALSE(find_node(*plan, "e")->quantized);
  EXPECT_THAT(find_node(*plan, "e")->reason, HasSubstr("half of its table's rows"));
  EXPECT_TRUE(plan->activations.empty());
}

TEST(Planner, OpenVinoLooksUpAScaleWithEachRow) {
  const auto plan = plan_of(table_model(1000), {}, "openvino");
  ASSERT_TRUE(plan) << plan.error().message;
  const NodePlan& node = *find_node(*plan, "e");
  EXPECT_TRUE(node.quantized);
  ASSERT_EQ(node.weights.size(), 1U);
  EXPECT_EQ(node.weights[0].axis, 0);
  ASSERT_EQ(node.weights[0].scales.size(), 256U);
  float largest = 0;
  for (int i = 255 * 16; i < 4096; ++i) {
    largest = std::max(largest, std::abs(static_cast<float>((i * 37) % 199 - 99)) * 10);
  }
  EXPECT_FLOAT_EQ(node.weights[0].scales[255], largest / 127);
  EXPECT_LT(node.weights[0].scales[0], 0.01F);
  EXPECT_EQ(node.runs->execution, "int8");
}

TEST(Planner, PositionsThatAreSlicedStayInFloatAndMasksDoNot) {
  const char* slice = "Slice(t, zero, ids, zero) zero = Constant<value_ints = [0]>()";
  const auto positions = plan_of(table_model(1, slice), {{"v", spread(-1, 1)}}, "onnxruntime");
  ASSERT_TRUE(positions) << positions.error().message;
  EXPECT_FALSE(find_node(*positions, "e")->quantized);
  EXPECT_THAT(find_node(*positions, "e")->reason, HasSubstr("dB of signal to noise"));
  const Model mask = model_of(fmt::format(
      R"(g (float[1,64] s, int64[1] n) => (float[A,64] y) <float[64,64] m = {}, int64[1] zero = {{0}}> {{
        [k] v = Slice(m, zero, n, zero)
        [a] t = Add(s, v)
        [f] y = Softmax(t)
      }})",
      floats(4096, [](int i) { return i % 64 > i / 64 ? -1e9 : 0.0; })));
  Observer masks;
  ASSERT_TRUE(masks.observe(std::vector<float>{0, -1e9F}));
  const auto plan = plan_of(mask, {{"v", masks}, {"s", spread(-3, 4)}}, "onnxruntime");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_TRUE(find_node(*plan, "k")->quantized);
  EXPECT_EQ(find_activation(*plan, "v")->range, (Range{-7 - 16, 0}));
}

TEST(Planner, AProductHasNoWeights) {
  const Model model =
      model_of(R"(g (float[4,2] a, float[2,4] b) => (float[4,4] y) { [p] y = MatMul(a, b) })");
  const Observers observers{{"a", spread(0, 1)}, {"b", spread(-1, 1)}};
  auto plan = plan_of(model, observers, "onnxruntime");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_FALSE(find_node(*plan, "p")->quantized);
  plan = plan_of(model, observers, "onnxruntime", {Choice::kInteger});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_TRUE(find_node(*plan, "p")->quantized);
  EXPECT_TRUE(find_node(*plan, "p")->weights.empty());
  EXPECT_EQ(find_node(*plan, "p")->runs->as, "MatMulIntegerToFloat");
}

TEST(PredictRuns, SaysWhatTheRuntimeMakesOfEachNode) {
  const Model model = model_of(R"(g (float[1,1,4,4] x) => (float[1,1,4,4] y)
      <float[1,1,1,1] w = {0.5}> {
        [a] c = Conv(x, w)
        [r] d = Relu(c)
        [b] e = Conv(d, w)
        [t] y = Tanh(e)
      })");
  const Observers observers{{"x", spread(0, 1, 1)}, {"d", spread(0, 1, 1)}, {"e", spread(-1, 1)}};
  auto plan = plan_of(model, observers, "onnxruntime");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(find_node(*plan, "a")->runs->execution, "int8");
  EXPECT_EQ(find_node(*plan, "a")->runs->as, "QLinearConv");
  EXPECT_EQ(find_node(*plan, "r")->runs->execution, "absorbed");
  EXPECT_EQ(find_node(*plan, "t")->runs->execution, "float");
  EXPECT_TRUE(find_node(*plan, "t")->runs->reason.empty()) << "its own reason says it";

  // An edited plan is predicted as it is: the Relu with a zero point keeps its Conv in float.
  for (auto& activation : plan->activations) {
    if (activation.tensor == "d") activation.params.zero_point = 7;
  }
  ASSERT_TRUE(predict_runs(model, *plan));
  EXPECT_EQ(find_node(*plan, "a")->runs->execution, "float");
  EXPECT_FALSE(find_node(*plan, "a")->runs->reason.empty());
}

TEST(PredictRuns, SaysNothingOfRuntimesThatWereNotMeasured) {
  const Model model = pool_model();
  const Observers observers{
      {"x", spread(0, 1, 1)}, {"c", spread(0, 1)}, {"d", spread(0, 1, 1)}, {"y", spread(0, 1)}};
  const auto plan = plan_of(model, observers, "qnn");
  ASSERT_TRUE(plan) << plan.error().message;
  for (const auto& node : plan->nodes) EXPECT_FALSE(node.runs);
}

}  // namespace
}  // namespace zp
