#include "zeropoint/passes/normalize.h"

#include <gmock/gmock.h>

#include "tests/support/onnx_graphs.h"

namespace zp {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> names_of(const onnx::GraphProto& graph) {
  std::vector<std::string> names;
  for (const auto& node : graph.node()) names.push_back(node.name());
  return names;
}

TEST(NameNodes, EachHasItsOwn) {
  Model model = model_of(R"(g (float[2] x) => (float[2] d) {
      a = Relu(x) b = Relu(a) c = Neg(b) d = Abs(c)
    })");
  model.graph().mutable_node(0)->set_name("same");
  model.graph().mutable_node(1)->set_name("same");
  model.graph().mutable_node(3)->set_name("Neg_c");
  name_nodes(model);
  EXPECT_THAT(names_of(model.graph()), ElementsAre("same", "same_1", "Neg_c_1", "Neg_c"));
  name_nodes(model);
  EXPECT_THAT(names_of(model.graph()), ElementsAre("same", "same_1", "Neg_c_1", "Neg_c"));
}

TEST(NameNodes, BodiesShareTheNamesOfTheModel) {
  Model model = model_of(R"(g (float[2] x, bool c) => (float[2] z) {
      z = If (c) <then_branch = t () => (float[2] p) { p = Neg(x) },
                  else_branch = e () => (float[2] p) { p = Neg(x) }>
    })");
  name_nodes(model);
  EXPECT_THAT(names_of(model.graph()), ElementsAre("If_z"));
  EXPECT_THAT(names_of(model.graph().node(0).attribute(0).g()), ElementsAre("Neg_p"));
  EXPECT_THAT(names_of(model.graph().node(0).attribute(1).g()), ElementsAre("Neg_p_1"));
}

TEST(RaiseIrVersion, ToWhatTheOperatorSetCameWith) {
  for (const auto& [opset, ir] : {std::pair{13, 8}, {18, 8}, {19, 9}, {21, 10}}) {
    Model model = model_of("g (float[2] x) => (float[2] z) { z = Relu(x) }", opset);
    model.proto().set_ir_version(3);
    raise_ir_version(model);
    EXPECT_EQ(model.proto().ir_version(), ir) << opset;
    model.proto().set_ir_version(11);
    raise_ir_version(model);
    EXPECT_EQ(model.proto().ir_version(), 11);
  }
}

TEST(DescribeOutputs, AMissingShapeIsInferred) {
  Model model = model_of("g (float[n,2] x) => (float[n,2] z) { z = Relu(x) }");
  model.graph().mutable_output(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  describe_outputs(model);
  const auto& shape = model.graph().output(0).type().tensor_type().shape();
  ASSERT_EQ(shape.dim_size(), 2);
  EXPECT_EQ(shape.dim(0).dim_param(), "n");
  EXPECT_EQ(shape.dim(1).dim_value(), 2);
}

TEST(DescribeOutputs, OneThatNobodyKnowsStaysAndPassesTheCheck) {
  Model model = model_of("g (float[n,2] x, int64[k] s) => (float[n,2] z) { z = Reshape(x, s) }");
  model.graph().mutable_output(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  describe_outputs(model);
  EXPECT_FALSE(model.graph().output(0).type().tensor_type().has_shape());
  expect_valid(model);
}

}  // namespace
}  // namespace zp
