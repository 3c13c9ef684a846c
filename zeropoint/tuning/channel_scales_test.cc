#include "zeropoint/tuning/channel_scales.h"

#include <gmock/gmock.h>

#include "tests/support/onnx_graphs.h"

namespace zp {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// Two channels of 500 values each, within [-1, 1] and [-100, 100]: ranges as far apart that no
// margin for unseen values (1 + 30 / sqrt(500)) hides it.
Observer two_channels() {
  constexpr int64_t kValues = 500;
  std::vector<float> x;
  for (const float range : {1.0F, 100.0F}) {
    for (int64_t i = 0; i < kValues; ++i) {
      x.push_back(range * (2 * static_cast<float>(i) / (kValues - 1) - 1));
    }
  }
  Observer observer = Observer::per_channel(2).value();
  const Shape shape = Shape::make({1, 2, kValues, 1}).value();
  EXPECT_TRUE(observer.observe(TensorView<const float>::make(x, shape).value(), 1));
  return observer;
}

Plan plan_of(const std::vector<std::string>& nodes) {
  Plan plan;
  ActivationPlan activation;
  activation.tensor = "y";
  activation.params = {IntType::kUint8, NarrowRange::kNo, 200.0F / 255, 128};
  activation.range = {-100, 100};
  plan.activations.push_back(activation);
  for (const auto& name : nodes) {
    NodePlan& node = plan.nodes.emplace_back();
    node.node = name;
    node.quantized = true;
  }
  return plan;
}

std::vector<ChannelScaleChoice> choose(const char* graph, const std::vector<std::string>& nodes) {
  Model model = model_of(graph);
  const auto values = infer_values(model).value();
  const auto choices =
      choose_channel_scales(model, values, plan_of(nodes), {{"y", two_channels()}});
  EXPECT_TRUE(choices) << choices.error().message;
  return choices.value_or(std::vector<ChannelScaleChoice>());
}

TEST(ChooseChannelScales, DepthwiseReadersTakeTheWholeDifferenceForNothing) {
  const auto choices = choose(R"(g (float[1,1,4,4] x) => (float[1,2,4,4] z)
      <float[2,1,1,1] w = {1, 2}, float[2,1,1,1] d = {1, 1}> {
        [a] y = Conv(x, w)
        [b] z = Conv<group = 2>(y, d)
      })",
                              {"a", "b"});
  ASSERT_THAT(choices, SizeIs(1));
  EXPECT_EQ(choices[0].multiplications, 0);
  // Channel 1 is cut at the tensor's range, channel 0 is widened by 1 + 30 / sqrt(500) = 2.34; the
  // smallest factor is 1 / 64 of the largest.
  ASSERT_THAT(choices[0].tensors, SizeIs(1));
  const auto& scales = choices[0].tensors[0].scales;
  ASSERT_THAT(scales, SizeIs(2));
  EXPECT_NEAR(scales[0] / scales[1], 0.0234, 0.0001);
  // The step of channel 1 stays and that of channel 0 shrinks to nearly nothing beside it: half of
  // the data's noise goes, and nothing is added to that of the weights.
  EXPECT_GT(choices[0].gain_db, 1);
  EXPECT_LT(choices[0].gain_db, 3.02);
}

TEST(ChooseChannelScales, WhatNoIntegerNodeReadsIsLeftAlone) {
  EXPECT_THAT(choose(R"(g (float[1,1,4,4] x) => (float[1,2,4,4] y) <float[2,1,1,1] w = {1, 2}> {
        [a] y = Conv(x, w)
      })",
                     {"a"}),
              IsEmpty());
}

TEST(ChooseChannelScales, AQuantizedNodeThatCannotTakeThemKeepsItsCodes) {
  EXPECT_THAT(choose(R"(g (float[1,1,4,4] x) => (float[1,2,4,4] z)
      <float[2,1,1,1] w = {1, 2}, float[2,1,1,1] d = {1, 1}> {
        [a] y = Conv(x, w)
        [s] s = Sigmoid(y)
        [b] z = Conv<group = 2>(s, d)
      })",
                     {"a", "s", "b"}),
              IsEmpty());
}

}  // namespace
}  // namespace zp
