#include "zeropoint/quantizer/static_quantizer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <random>

#include "tests/support/onnx_graphs.h"
#include "tests/support/temporary_folder.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;

// The second filter is dead, and what it would need of the bias is large.
constexpr const char* kModel = R"(g (float[1,2,4,4] x) => (float[1,2,4,4] y)
    <float[4,2,1,1] w = {1, 0.5, 1e-9, 2e-9, 1, -1, 0.25, 0.75}, float[4] b = {0.5, 8, 0, -1},
     float[2,4,1,1] v = {1, 2, 3, 4, -1, 0.5, 0.25, -2}> {
      c = Conv(x, w, b)
      r = Relu(c)
      y = Conv(r, v)
    })";

class StaticQuantizer : public ::testing::Test {
 protected:
  PreparedModel prepared(const char* text = kModel) {
    const auto path = folder_ / "model.onnx";
    const auto saved = model_of(text).save(path);
    EXPECT_TRUE(saved);
    auto model = prepare_model(path, {});
    EXPECT_TRUE(model) << model.error().message;
    return *std::move(model);
  }

  TemporaryFolder folder_;
};

CalibrationInputs::Sample sample(int64_t i) {
  std::mt19937 random(static_cast<unsigned>(i));
  std::normal_distribution<float> normal(1, 1);
  Tensor x = Tensor::zeros(DataType::kFloat, Shape::make({1, 2, 4, 4}).value()).value();
  for (float& value : x.as<float>()) value = normal(random);
  CalibrationInputs::Sample made;
  made.hash = hash_bytes(x.bytes());
  made.inputs.push_back({"x", std::move(x)});
  return made;
}

CalibrationInputs samples(int64_t count) {
  return {.count = count,
          .name = [](int64_t i) { return fmt::format("{}.npy", i); },
          .load = [](int64_t i) -> Result<CalibrationInputs::Sample> { return sample(i); }};
}

int64_t held_back_of(int64_t count) {
  int64_t held = 0;
  for (int64_t i = 0; i < count; ++i) held += is_held_back(sample(i).hash) ? 1 : 0;
  return held;
}

CalibrationStatistics calibrated(const PreparedModel& model, int64_t count) {
  auto statistics = calibrate_model(model, targets(), samples(count), {}, {.threads = 1});
  EXPECT_TRUE(statistics) << statistics.error().message;
  return *std::move(statistics);
}

Plan planned(const PreparedModel& model, const CalibrationStatistics& statistics) {
  PlanOptions options;
  options.target = find_target("onnxruntime").value();
  auto plan = make_plan(model.model, model.values, plan_observers(statistics).value(), options);
  EXPECT_TRUE(plan) << plan.error().message;
  return *std::move(plan);
}

Result<HeldBackError> judged(const PreparedModel& model, const Model& quantized,
                             const CalibrationInputs& samples, const RunOptions& options) {
  ZP_ASSIGN_OR_RETURN(const SampleParts parts, split_samples(samples, options));
  return measure_held_back(model, quantized, samples, parts, options);
}

TEST_F(StaticQuantizer, GoesFromAModelAndSamplesToAModelWithALittleError) {
  const PreparedModel model = prepared();
  const CalibrationStatistics statistics = calibrated(model, 40);
  // c goes into its Relu, which a runtime computes with it.
  EXPECT_THAT(statistics.tensors, ElementsAre(Key("r"), Key("x"), Key("y")));
  const auto quantized = apply_plan(model, planned(model, statistics));
  ASSERT_TRUE(quantized) << quantized.error().message;
  const auto error = judged(model, *quantized, samples(40), {.threads = 2});
  ASSERT_TRUE(error) << error.error().message;
  EXPECT_TRUE(error->were_held_back);
  EXPECT_EQ(error->samples, held_back_of(40));
  ASSERT_EQ(error->outputs.size(), 1U);
  // Uniform noise of 8 bits at each of three roundings leaves far more than this, far less than 70.
  EXPECT_GT(error->lowest_sqnr_db(), 30);
  EXPECT_LT(error->lowest_sqnr_db(), 70);
}

TEST_F(StaticQuantizer, TheModelsOwnSamplesJudgeWhereNoneIsHeldBack) {
  const PreparedModel model = prepared();
  int64_t few = 1;
  while (held_back_of(few + 1) == 0) ++few;
  ASSERT_EQ(held_back_of(few), 0);
  const auto quantized = apply_plan(model, planned(model, calibrated(model, few)));
  ASSERT_TRUE(quantized);
  const auto error = judged(model, *quantized, samples(few), {});
  ASSERT_TRUE(error) << error.error().message;
  EXPECT_FALSE(error->were_held_back);
  EXPECT_EQ(error->samples, few);
}

// Codes of a bias up to 2^24 are exact in float32: its own and what rounding the weights adds.
TEST_F(StaticQuantizer, BiasesKeepWithinTwoToThe24CodesWithTheirCorrections) {
  // Each weight of the dead filter goes to code 0, which takes 8 * 1e-3 from a bias of 1e-3.
  const PreparedModel model = prepared(R"(g (float[1,2,4,4] x) => (float[1,2,4,4] y)
      <float[2,2,1,1] w = {1, 0.5, 1e-3, 1e-3}, float[2] b = {0.5, 3e4}> { y = Conv(x, w, b) })");
  const Plan plan = planned(model, calibrated(model, 20));
  const NodePlan& node = plan.nodes.at(0);
  ASSERT_TRUE(node.bias);
  const float input_scale = plan.activations.at(0).params.scale;
  const std::vector<float> biases{0.5F, 3e4F};
  for (size_t o = 0; o < 2; ++o) {
    const double bias = biases[o] + (node.bias->correction.empty() ? 0 : node.bias->correction[o]);
    EXPECT_LE(std::abs(bias / (input_scale * node.weights.at(0).scales[o])), 1 << 24) << o;
  }
}

TEST_F(StaticQuantizer, StatisticsOfAnotherModelAreRefused) {
  const PreparedModel model = prepared();
  CalibrationStatistics statistics = calibrated(model, 8);
  EXPECT_TRUE(check_origin(model, statistics));
  CalibrationStatistics other = statistics;
  other.origin.source_model.low ^= 1;
  EXPECT_THAT(check_origin(model, other).error().message, HasSubstr("of another model"));
  other = statistics;
  other.origin.prepared_model.low ^= 1;
  EXPECT_THAT(check_origin(model, other).error().message, HasSubstr("another form of the model"));
}

TEST_F(StaticQuantizer, APlanOfAnotherModelIsRefused) {
  const PreparedModel model = prepared();
  Plan plan = planned(model, calibrated(model, 8));
  plan.model_hash = std::string(32, '0');
  const auto applied = apply_plan(model, plan);
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message, HasSubstr("belongs to another model"));
}

TEST_F(StaticQuantizer, ABadSampleStopsOrIsLeftOut) {
  const PreparedModel model = prepared();
  CalibrationInputs bad = samples(20);
  bad.load = [](int64_t i) -> Result<CalibrationInputs::Sample> {
    if (i == 3) return invalid_data("3.npy: cut off");
    return sample(i);
  };
  const auto quantized = apply_plan(model, planned(model, calibrated(model, 20)));
  ASSERT_TRUE(quantized);
  EXPECT_EQ(judged(model, *quantized, bad, {}).error().message, "3.npy: cut off");
  const auto error = judged(model, *quantized, bad, {.on_bad_sample = OnBadSample::kSkip});
  ASSERT_TRUE(error) << error.error().message;
  EXPECT_EQ(error->samples, held_back_of(20) - (is_held_back(sample(3).hash) ? 1 : 0));
}

TEST(HeldBackError, LowestIsOverTheFloatOutputs) {
  const std::vector<float> x{10, 0};
  const std::vector<float> y{11, 0};
  const std::vector<int64_t> labels{1, 2};
  const auto view = [](DataType type, auto& values) {
    return OutputView{
        .type = type, .shape = Shape::make({2}).value(), .bytes = std::as_bytes(std::span(values))};
  };
  HeldBackError error;
  EXPECT_EQ(error.lowest_sqnr_db(), std::numeric_limits<double>::infinity());
  error.outputs = {OutputError("exact", ValueKind::kFloat), OutputError("off", ValueKind::kFloat),
                   OutputError("label", ValueKind::kOther)};
  ASSERT_TRUE(error.outputs[0].add(0, view(DataType::kFloat, x), view(DataType::kFloat, x)));
  ASSERT_TRUE(error.outputs[1].add(0, view(DataType::kFloat, x), view(DataType::kFloat, y)));
  ASSERT_TRUE(
      error.outputs[2].add(0, view(DataType::kInt64, labels), view(DataType::kInt64, labels)));
  // 10 log10(100 / 1).
  EXPECT_DOUBLE_EQ(error.lowest_sqnr_db(), 20);
}

}  // namespace
}  // namespace zp
