#include "zeropoint/tuning/segments.h"

#include <gmock/gmock.h>

#include "tests/support/onnx_text.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Model parsed(const std::string& text) {
  auto proto = onnx_model(text);
  for (auto& node : *proto.mutable_graph()->mutable_node()) node.set_name("make " + node.output(0));
  return Model::parse(proto.SerializeAsString(), "test.onnx").value();
}

std::vector<std::string> made_by(const Model& model, const Segment& segment) {
  std::vector<std::string> names;
  for (const int node : segment.nodes) names.push_back(model.graph().node(node).output(0));
  return names;
}

// Two products beside each other, one behind both, and a tail that none of them depends on.
const char* const kBranches = R"(
  g (float[2,2] x) => (float[2,2] y, float[2,2] z)
  <float[2,2] w = {1, 2, 3, 4}, float[2] shift = {1, 2}>
  { c = Neg(shift)  a = Add(x, c)  p = MatMul(a, w)  q = MatMul(a, w)  n = Neg(q)
    s = Add(p, n)  r = Add(s, x)  m = MatMul(r, w)  y = Neg(m)  z = Abs(a) })";

TEST(Segments, EndWhereAChosenNodesInputIsKnown) {
  const Model model = parsed(kBranches);
  const std::vector<std::string> chosen{"make m", "make p", "make q"};
  const auto parts = segments_of(model, chosen);
  ASSERT_TRUE(parts) << parts.error().message;
  ASSERT_EQ(parts->size(), 2U);
  const Segment& first = (*parts)[0];
  EXPECT_THAT(made_by(model, first), ElementsAre("a"));
  EXPECT_THAT(first.inputs, ElementsAre("x"));
  EXPECT_THAT(first.outputs, ElementsAre("a"));
  EXPECT_THAT(first.ready, ElementsAre(1, 2));
  const Segment& second = (*parts)[1];
  EXPECT_THAT(made_by(model, second), ElementsAre("p", "q", "n", "s", "r"));
  EXPECT_THAT(second.inputs, ElementsAre("a", "x"));
  EXPECT_THAT(second.outputs, ElementsAre("r"));
  EXPECT_THAT(second.ready, ElementsAre(0));
}

TEST(Segments, HoldNothingWhereTheFirstChosenNodeReadsAnInput) {
  const Model model = parsed(
      "g (float[2,2] x) => (float[2,2] y) <float[2,2] w = {1, 2, 3, 4}>"
      "{ p = MatMul(x, w)  y = Neg(p) }");
  const auto parts = segments_of(model, std::vector<std::string>{"make p"});
  ASSERT_TRUE(parts) << parts.error().message;
  ASSERT_EQ(parts->size(), 1U);
  EXPECT_THAT((*parts)[0].nodes, IsEmpty());
  EXPECT_THAT((*parts)[0].outputs, IsEmpty());
  EXPECT_THAT((*parts)[0].ready, ElementsAre(0));
}

TEST(Segments, NameANodeThatIsNotThere) {
  const Model model = parsed(kBranches);
  const auto parts = segments_of(model, std::vector<std::string>{"make p", "make u"});
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().message, "the model has no node \"make u\"");
}

TEST(Segments, AreModelsWithTheConstantsThatTheyRead) {
  const Model model = parsed(kBranches);
  const auto parts = segments_of(model, std::vector<std::string>{"make m", "make p", "make q"});
  ASSERT_TRUE(parts);
  const std::vector<SegmentInput> inputs{{"x", {DataType::kFloat, std::vector<int64_t>{2, -1}}}};
  const auto part = model_of(model, (*parts)[0], inputs, {});
  ASSERT_TRUE(part) << part.error().message;
  const auto& graph = part->graph();
  ASSERT_EQ(graph.node_size(), 2);
  EXPECT_EQ(graph.node(0).output(0), "c");
  EXPECT_EQ(graph.node(1).output(0), "a");
  ASSERT_EQ(graph.initializer_size(), 1);
  EXPECT_EQ(graph.initializer(0).name(), "shift");
  ASSERT_EQ(graph.input_size(), 1);
  EXPECT_EQ(graph.input(0).type().tensor_type().shape().dim(0).dim_value(), 2);
  EXPECT_FALSE(graph.input(0).type().tensor_type().shape().dim(1).has_dim_value());
  ASSERT_EQ(graph.output_size(), 1);
  EXPECT_EQ(graph.output(0).name(), "a");
}

}  // namespace
}  // namespace zp
