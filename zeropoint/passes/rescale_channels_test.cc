#include "zeropoint/passes/rescale_channels.h"

#include <gmock/gmock.h>

#include "tests/support/onnx_graphs.h"

// What the rescaled models compute is compared with the models as they were, on real networks, by
// the held-back check of the quantizer; here is what becomes of the graph.
namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

void rescale(Model& model, const std::vector<ChannelScales>& scales) {
  const auto values = infer_values(model).value();
  const Status status = rescale_channels(model, values, scales);
  ASSERT_TRUE(status) << status.error().message;
  expect_valid(model);
}

constexpr const char* kTwoConvolutions = R"(g (float[1,1,2,2] x) => (float[1,1,2,2] z)
    <float[2,1,1,1] w = {2, 40}, float[2] b = {1, 4}, float[1,2,1,1] v = {3, 5}> {
      y = Conv(x, w, b)
      u = Relu(y)
      z = Conv(u, v)
    })";

TEST(RescaleChannels, ReluBetweenConvolutionsCostsNoNode) {
  Model model = model_of(kTwoConvolutions);
  rescale(model, {{"y", -3, {2, 4}}, {"u", -3, {2, 4}}});
  EXPECT_THAT(nodes_of(model.graph()),
              ElementsAre("y_rescaled = Conv(x, w, b)", "u_rescaled = Relu(y_rescaled)",
                          "z = Conv(u_rescaled, v)"));
  EXPECT_THAT(floats_of(model.graph(), "w"), ElementsAre(1, 10));
  EXPECT_THAT(floats_of(model.graph(), "b"), ElementsAre(0.5, 1));
  EXPECT_THAT(floats_of(model.graph(), "v"), ElementsAre(6, 20));
}

TEST(RescaleChannels, AnOperatorThatDoesNotPassFactorsGetsTheTensorItself) {
  Model model = model_of(R"(g (float[1,1,2,2] x) => (float[1,1,2,2] z)
      <float[2,1,1,1] w = {2, 40}, float[1,2,1,1] v = {3, 5}> {
        y = Conv(x, w)
        u = Sigmoid(y)
        z = Conv(u, v)
      })");
  rescale(model, {{"y", -3, {2, 4}}, {"u", -3, {0.5, 0.25}}});
  EXPECT_THAT(nodes_of(model.graph()),
              ElementsAre("y_rescaled = Conv(x, w)", "y = Mul(y_rescaled, y_channel_scales)",
                          "u = Sigmoid(y)", "u_rescaled = Mul(u, u_inverse_channel_scales)",
                          "z = Conv(u_rescaled, v)"));
  EXPECT_THAT(floats_of(model.graph(), "y_channel_scales"), ElementsAre(2, 4));
  EXPECT_THAT(floats_of(model.graph(), "u_inverse_channel_scales"), ElementsAre(2, 4));
  EXPECT_THAT(floats_of(model.graph(), "v"), ElementsAre(1.5, 1.25));
}

TEST(RescaleChannels, AResidualAddPassesThemOn) {
  Model model = model_of(R"(g (float[1,2,2,2] x) => (float[1,2,2,2] z)
      <float[2,2,1,1] w = {1, 2, 3, 4}, float[2,1,1,1] d = {8, 8}> {
        y = Conv(x, w)
        u = Conv<group = 2>(y, d)
        a = Add(y, u)
        z = Conv(a, w)
      })");
  rescale(model, {{"y", -3, {2, 4}}, {"u", -3, {2, 4}}, {"a", -3, {2, 4}}});
  EXPECT_THAT(nodes_of(model.graph()),
              ElementsAre("y_rescaled = Conv(x, w_1)", "u_rescaled = Conv(y_rescaled, d)",
                          "a_rescaled = Add(y_rescaled, u_rescaled)", "z = Conv(a_rescaled, w_2)"));
  // Of a depthwise filter both ends change.
  EXPECT_THAT(floats_of(model.graph(), "d"), ElementsAre(8, 8));
  EXPECT_THAT(floats_of(model.graph(), "w_1"), ElementsAre(0.5, 1, 0.75, 1));
  EXPECT_THAT(floats_of(model.graph(), "w_2"), ElementsAre(2, 8, 6, 16));
}

TEST(RescaleChannels, AConcatTakesThemFromItsParts) {
  Model model = model_of(R"(g (float[1,1,2,2] x) => (float[1,1,2,2] z)
      <float[1,1,1,1] w = {6}, float[1,1,1,1] u = {8}, float[1,2,1,1] v = {3, 5}> {
        a = Conv(x, w)
        b = Conv(x, u)
        c = Concat<axis = 1>(a, b)
        z = Conv(c, v)
      })");
  rescale(model, {{"a", -3, {2}}, {"b", -3, {4}}, {"c", -3, {2, 4}}});
  EXPECT_THAT(floats_of(model.graph(), "w"), ElementsAre(3));
  EXPECT_THAT(floats_of(model.graph(), "u"), ElementsAre(2));
  EXPECT_THAT(floats_of(model.graph(), "v"), ElementsAre(6, 20));
  EXPECT_THAT(
      nodes_of(model.graph()),
      ElementsAre("a_rescaled = Conv(x, w)", "b_rescaled = Conv(x, u)",
                  "c_rescaled = Concat(a_rescaled, b_rescaled)", "z = Conv(c_rescaled, v)"));
}

TEST(RescaleChannels, AClipWithAnUpperBoundKeepsItsValues) {
  Model model = model_of(R"(g (float[1,1,2,2] x) => (float[1,1,2,2] z)
      <float[2,1,1,1] w = {2, 4}, float[1,2,1,1] v = {3, 5}, float low = {0}, float high = {6}> {
        y = Conv(x, w)
        u = Clip(y, low, high)
        z = Conv(u, v)
      })");
  rescale(model, {{"y", -3, {2, 4}}, {"u", -3, {2, 4}}});
  EXPECT_THAT(nodes_of(model.graph()),
              ElementsAre("y_rescaled = Conv(x, w)", "y = Mul(y_rescaled, y_channel_scales)",
                          "u = Clip(y, low, high)", "u_rescaled = Mul(u, u_inverse_channel_scales)",
                          "z = Conv(u_rescaled, v)"));
}

struct BadScales {
  ChannelScales scales;
  const char* message;
};

class RescaleErrors : public ::testing::TestWithParam<BadScales> {};

TEST_P(RescaleErrors, NameTheTensor) {
  Model model = model_of(kTwoConvolutions);
  const auto values = infer_values(model).value();
  const Status status = rescale_channels(model, values, {GetParam().scales});
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("channel scales of tensor"));
  EXPECT_THAT(status.error().message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(, RescaleErrors,
                         ::testing::Values(BadScales{{"q", -3, {1, 1}}, "no such tensor"},
                                           BadScales{{"y", -3, {1}}, "the tensor has 2"},
                                           BadScales{{"y", -1, {1, 1}}, "along -3"},
                                           BadScales{{"y", -3, {1, 0}}, "0 is no positive"}));

}  // namespace
}  // namespace zp
