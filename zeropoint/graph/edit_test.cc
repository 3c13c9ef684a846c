#include "zeropoint/graph/edit.h"

#include <gmock/gmock.h>

#include "tests/support/onnx_graphs.h"
#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/graph_index.h"

namespace zp {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

onnx::GraphProto& body(onnx::GraphProto& graph, int node, int attribute) {
  return *graph.mutable_node(node)->mutable_attribute(attribute)->mutable_g();
}

// Bodies that read y from outside, that hide it, and that read it from a body inside a body.
constexpr std::string_view kBodies = R"(g (float[2] x, bool c) => (float[2] z) {
    y = Relu(x)
    a = If (c) <
      then_branch = t () => (float[2] p) { p = Neg(y) },
      else_branch = e () => (float[2] q) { y = Abs(x) q = Neg(y) }>
    b = If (c) <
      then_branch = t2 () => (float[2] r) {
        r = If (c) <then_branch = t3 () => (float[2] s) { s = Neg(y) },
                    else_branch = e3 () => (float[2] u) { u = Neg(x) }> },
      else_branch = e2 () => (float[2] v) { v = Neg(x) }>
    z = Add(a, b)
  })";

TEST(TopologicalOrder, KeepsTheGivenOrderWhereItIsFree) {
  Model model = model_of(
      "g (float[2] x) => (float[2] d) "
      "{ c = Add(a, b) a = Relu(x) d = Neg(c) b = Abs(x) }");
  EXPECT_THAT(topological_order(model.graph()).value(), ElementsAre(1, 3, 0, 2));
  ASSERT_TRUE(sort_nodes(model.graph()));
  EXPECT_THAT(nodes_of(model.graph()),
              ElementsAre("a = Relu(x)", "b = Abs(x)", "c = Add(a, b)", "d = Neg(c)"));
}

TEST(TopologicalOrder, WhatABodyReadsComesFirst) {
  Model model = model_of(kBodies);
  model.graph().mutable_node()->SwapElements(0, 2);
  ASSERT_TRUE(sort_nodes(model.graph()));
  EXPECT_EQ(model.graph().node(0).op_type(), "Relu");
  EXPECT_EQ(model.graph().node(3).op_type(), "Add");
}

TEST(TopologicalOrder, ACycleIsNamed) {
  Model model = model_of(
      "g (float[2] x) => (float[2] d) "
      "{ a = Relu(x) b = Add(a, d) c = Neg(b) d = Abs(c) }");
  model.graph().mutable_node(1)->set_name("first");
  const auto order = topological_order(model.graph());
  ASSERT_FALSE(order);
  EXPECT_THAT(order.error().message,
              HasSubstr("Add node \"first\" waits for its own output: the graph has a cycle"));
  Model self = model_of("g (float[2] x) => (float[2] y) { y = Add(x, y) }");
  EXPECT_THAT(topological_order(self.graph()).error().message,
              HasSubstr("Add node that makes \"y\""));
}

TEST(ReplaceUses, ReachesBodiesUnlessTheyHideTheName) {
  Model model = model_of(kBodies);
  replace_uses(model.graph(), "y", "w");
  auto& graph = model.graph();
  EXPECT_THAT(nodes_of(body(graph, 1, 0)), ElementsAre("p = Neg(w)"));
  EXPECT_THAT(nodes_of(body(graph, 1, 1)), ElementsAre("y = Abs(x)", "q = Neg(y)"));
  EXPECT_THAT(nodes_of(body(body(graph, 2, 0), 0, 0)), ElementsAre("s = Neg(w)"));
  EXPECT_EQ(graph.node(0).output(0), "y");
}

TEST(ReplaceUses, ABodyThatHandsTheValueOutHandsOutTheNewOne) {
  Model model = model_of(
      "g (float[2] x, bool c) => (float[2] z) { y = Relu(x) z = If (c) <"
      "then_branch = t () => (float[2] y) { u = Neg(x) },"
      "else_branch = e () => (float[2] q) { q = Neg(x) }> }");
  replace_uses(model.graph(), "y", "w");
  EXPECT_EQ(body(model.graph(), 1, 0).output(0).name(), "w");
}

TEST(RemoveUnused, TakesWholeBranchesAndTheirWeights) {
  Model model = model_of(R"(g (float[2] x) => (float[2] z)
      <float[2] w = {1, 2}, float[2] v = {3, 4}> {
        a = Add(x, w)
        b = Relu(a)
        z = Add(x, v)
        c, m = Dropout(b)
      })");
  remove_unused(model.graph());
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("z = Add(x, v)"));
  ASSERT_EQ(model.graph().initializer_size(), 1);
  EXPECT_EQ(model.graph().initializer(0).name(), "v");
}

TEST(RemoveUnused, WhatABodyReadsIsUsed) {
  Model model = model_of(kBodies);
  remove_unused(model.graph());
  EXPECT_EQ(model.graph().node_size(), 4);
}

TEST(RemoveUnused, TheDefaultOfAnInputStays) {
  Model model = model_of(
      "g (float[2] x, float[2] w) => (float[2] z) <float[2] w = {1, 2}> "
      "{ z = Relu(x) }");
  remove_unused(model.graph());
  EXPECT_EQ(model.graph().initializer_size(), 1);
}

TEST(UniqueNames, AvoidNamesOfEveryKindEverywhere) {
  Model model = model_of(kBodies);
  model.graph().mutable_node(0)->set_name("node");
  UniqueNames names(model.graph());
  EXPECT_EQ(names("new"), "new");
  EXPECT_EQ(names("new"), "new_1");
  EXPECT_EQ(names("node"), "node_1");
  EXPECT_EQ(names("s"), "s_1");
  EXPECT_EQ(names("z"), "z_1");
}

TEST(OpsetVersion, TheTwoNamesOfOnnxsOwnDomainAreOne) {
  Model model = model_of("g (float[2] x) => (float[2] z) { z = Relu(x) }");
  EXPECT_EQ(opset_version(model.proto()), 13);
  model.proto().mutable_opset_import(0)->set_domain("ai.onnx");
  EXPECT_EQ(opset_version(model.proto()), 13);
  set_opset_version(model.proto(), "", 14);
  EXPECT_EQ(model.proto().opset_import_size(), 1);
  EXPECT_EQ(opset_version(model.proto()), 14);
  EXPECT_EQ(opset_version(model.proto(), "other"), 0);
  set_opset_version(model.proto(), "other", 1);
  EXPECT_EQ(opset_version(model.proto(), "other"), 1);
}

TEST(GraphIndex, KnowsMakersReadersAndConstants) {
  Model model = model_of(R"(g (float[2] x, float[2] d) => (float[2] z)
      <float[2] w = {1, 2}, float[2] d = {3, 4}> {
        y = Add(x, w)
        u = Mul(y, y)
        v = Add(u, d)
        z = Relu(v)
      })");
  const GraphIndex index(model.graph());
  EXPECT_EQ(index.producer("y"), 0);
  EXPECT_EQ(index.producer("x"), -1);
  EXPECT_THAT(index.uses("y"), ElementsAre(Use{1, 0}, Use{1, 1}));
  EXPECT_THAT(index.uses("z"), IsEmpty());
  EXPECT_TRUE(index.is_graph_input("x"));
  EXPECT_TRUE(index.is_graph_output("z"));
  EXPECT_NE(index.constant("w"), nullptr);
  EXPECT_EQ(index.constant("d"), nullptr);  // a caller may give another
  EXPECT_EQ(index.only_reader("v"), 3);
  EXPECT_EQ(index.only_reader("y"), -1);  // read twice
  EXPECT_EQ(index.only_reader("z"), -1);
}

TEST(GraphIndex, BodiesAreReadersOfWhatTheyTakeFromOutside) {
  Model model = model_of(kBodies);
  const GraphIndex index(model.graph());
  EXPECT_THAT(index.uses("y"), ElementsAre(Use{1, Use::kInBody}, Use{2, Use::kInBody}));
  EXPECT_EQ(index.only_reader("y"), -1);
  EXPECT_THAT(captured_values(model.graph().node(1)), ElementsAre("y", "x"));
  EXPECT_THAT(captured_values(model.graph().node(2)), ElementsAre("c", "y", "x"));
}

TEST(Attributes, AreReadByTypeAndReplaced) {
  onnx::NodeProto node;
  set_attribute(node, "i", int64_t{3});
  set_attribute(node, "f", 0.5F);
  set_attribute(node, "s", std::string_view("text"));
  set_attribute(node, "l", std::vector<int64_t>{1, 2});
  EXPECT_EQ(int_attribute(node, "i", 0), 3);
  EXPECT_EQ(float_attribute(node, "f", 0), 0.5F);
  EXPECT_EQ(string_attribute(node, "s", ""), "text");
  EXPECT_THAT(*ints_attribute(node, "l"), ElementsAre(1, 2));
  EXPECT_EQ(int_attribute(node, "f", 7), 7);  // of another type
  EXPECT_EQ(int_attribute(node, "none", 7), 7);
  EXPECT_FALSE(ints_attribute(node, "i"));
  set_attribute(node, "i", int64_t{4});
  EXPECT_EQ(node.attribute_size(), 4);
  EXPECT_EQ(int_attribute(node, "i", 0), 4);
  remove_attribute(node, "i");
  EXPECT_EQ(find_attribute(node, "i"), nullptr);
}

}  // namespace
}  // namespace zp
