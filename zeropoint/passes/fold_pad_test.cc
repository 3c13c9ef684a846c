#include "zeropoint/passes/fold_pad.h"

#include <gmock/gmock.h>

#include "tests/support/onnx_graphs.h"
#include "zeropoint/graph/attributes.h"

// Every window and condition is tested against ONNX Runtime in test_folding.py.
namespace zp {
namespace {

using ::testing::ElementsAre;

int fold(Model& model) {
  const auto count = fold_pad(model, model.graph());
  EXPECT_TRUE(count) << count.error().message;
  expect_valid(model);
  return count.value_or(-1);
}

TEST(FoldPad, PadsAddUp) {
  Model model = model_of(R"(g (float[1,1,4,4] x) => (float[1,1,8,7] z)
      <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}, int64[8] p = {0, 0, 1, 2, 0, 0, 3, 1}> {
        y = Pad(x, p)
        z = Conv<pads = [1, 1, 1, 1]>(y, w)
      })");
  EXPECT_EQ(fold(model), 1);
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("z = Conv(x, w)"));
  EXPECT_THAT(*ints_attribute(model.graph().node(0), "pads"), ElementsAre(2, 3, 4, 2));
}

TEST(FoldPad, AllReadersTakeItOrNone) {
  constexpr std::string_view kGraph =
      R"(g (float[1,1,4,4] x) => (float[1,1,4,4] z, float[1,1,4,4] u)
      <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}, int64[8] p = {0, 0, 1, 1, 0, 0, 1, 1}> {
        y = Pad(x, p)
        z = Conv(y, w)
        u = AveragePool<kernel_shape = [3, 3]>(y)
      })";
  Model model = model_of(kGraph);
  EXPECT_EQ(fold(model), 1);
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("z = Conv(x, w)", "u = AveragePool(x)"));
  EXPECT_EQ(int_attribute(model.graph().node(1), "count_include_pad", 0), 1);

  Model other = model_of(kGraph);
  other.graph().mutable_node(2)->set_op_type("MaxPool");  // x may be negative
  EXPECT_EQ(fold(other), 0);
  EXPECT_EQ(other.graph().node_size(), 3);
}

TEST(FoldPad, AxesOfOpset18) {
  Model model = model_of(R"(g (float[1,1,4,4] x) => (float[1,1,4,2] z)
      <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}, int64[2] p = {1, 1}, int64[1] a = {-2}> {
        y = Pad(x, p, , a)
        z = Conv(y, w)
      })",
                         18);
  EXPECT_EQ(fold(model), 1);
  EXPECT_THAT(*ints_attribute(model.graph().node(0), "pads"), ElementsAre(1, 0, 1, 0));
}

TEST(FoldPad, SamePaddingStays) {
  // How much it adds depends on the size of its input.
  Model model = model_of(R"(g (float[1,1,4,4] x) => (float[1,1,6,6] z)
      <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}, int64[8] p = {0, 0, 1, 1, 0, 0, 1, 1}> {
        y = Pad(x, p)
        z = Conv<auto_pad = "SAME_UPPER">(y, w)
      })");
  EXPECT_EQ(fold(model), 0);
}

TEST(FoldPad, PadsThatAreComputedStay) {
  Model model = model_of(R"(g (float[1,1,4,4] x, int64[8] p) => (float[1,1,h,w] z)
      <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
        y = Pad(x, p)
        z = Conv(y, w)
      })");
  EXPECT_EQ(fold(model), 0);
}

}  // namespace
}  // namespace zp
