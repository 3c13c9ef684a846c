#include "zeropoint/passes/use_quick_gelu.h"

#include <gmock/gmock.h>

#include "tests/support/onnx_graphs.h"

// That ONNX Runtime and OpenVINO compute x * sigmoid(x) of the node is tested in
// tests/quantizer/test_static.py.
namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(UseQuickGelu, TwoNodesBecomeOneWhoseShapeIsKnown) {
  Model model = model_of(R"(g (float[1,4] x) => (float[1,4] z) {
        s = Sigmoid(x)
        y = Mul(s, x)
        z = Relu(y)
      })");
  ASSERT_TRUE(use_quick_gelu(model, {"x"}));
  expect_valid(model);
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("y = QuickGelu(x)", "z = Relu(y)"));
  const auto after = infer_values(model).value();
  EXPECT_EQ(after.at("y").dims, (std::vector<int64_t>{1, 4}));
}

TEST(UseQuickGelu, IsRefusedWhereXIsReadOtherwise) {
  Model model = model_of(R"(g (float[1,4] x) => (float[1,4] z) {
        s = Sigmoid(x)
        y = Mul(s, x)
        z = Add(y, x)
      })");
  const Status status = use_quick_gelu(model, {"x"});
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("\"x\""));
}

}  // namespace
}  // namespace zp
