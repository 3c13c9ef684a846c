#include "zeropoint/plan/plan_json.h"

#include <gmock/gmock.h>

namespace zp {
namespace {

using ::testing::HasSubstr;

Plan example() {
  Plan plan;
  plan.tool = "zeropoint 0";
  plan.target = "onnxruntime";
  plan.model_hash = "0123";
  plan.activations = {
      {"x", {IntType::kUint8, NarrowRange::kNo, 0.1F, 3}, Readers::kAll, {-0.3, 25.2}, "minmax"}};
  WeightPlan weight;
  weight.tensor = "w";
  weight.axis = 0;
  weight.scales = {0.3F, 1e-8F};
  NodePlan node{
      "conv", "Conv", true, "weights are constant", {weight}, BiasPlan{"b", 2, {0.7F, -1e-5F}}};
  node.runs = RunPrediction{"int8", "QLinearConv", ""};
  plan.nodes = {node, {"soft", "Softmax", false, "no rule", {}}};
  return plan;
}

TEST(PlanJson, ReadingGivesBackWhatWasWritten) {
  const std::string text = to_json(example());
  const auto plan = parse_plan(text);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(to_json(*plan), text);
  EXPECT_EQ(plan->activations[0].params.scale, 0.1F);
  EXPECT_EQ(plan->nodes[0].weights[0].scales[1], 1e-8F);
  EXPECT_EQ(plan->nodes[0].bias->correction[1], -1e-5F);
  EXPECT_EQ(plan->nodes[0].runs->as, "QLinearConv");
  EXPECT_FALSE(plan->nodes[1].runs);
}

std::string error_of(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  const auto plan = parse_plan(text.replace(at, from.size(), to));
  return plan ? "no error" : plan.error().message;
}

TEST(PlanJson, ErrorsSayWhere) {
  const std::string text = to_json(example());
  EXPECT_THAT(error_of(text, "\"scale\": 0.1", "\"scale\": -1"), HasSubstr("activations[0]"));
  EXPECT_THAT(error_of(text, "\"uint8\"", "\"uint99\""), HasSubstr("activations[0]"));
  EXPECT_THAT(error_of(text, "\"reason\"", "\"raeson\""), HasSubstr("unknown key \"raeson\""));
  EXPECT_THAT(error_of(text, "\"integer\"", "\"int\""),
              HasSubstr("expected \"integer\" or \"float\""));
  EXPECT_THAT(error_of(text, "\"zeropoint_plan\": 1", "\"zeropoint_plan\": 2"),
              HasSubstr("version 2"));
}

TEST(PlanJson, TextThatIsNoPlanIsRefused) {
  EXPECT_FALSE(parse_plan("hello"));
  EXPECT_FALSE(parse_plan("{}"));
  EXPECT_FALSE(parse_plan("[1]"));
}

}  // namespace
}  // namespace zp
