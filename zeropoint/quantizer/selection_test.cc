#include "zeropoint/quantizer/selection.h"

#include <gmock/gmock.h>

#include "zeropoint/graph/edit.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// conv1, conv2, fc and a node without a name; one If whose branch holds inner_conv.
onnx::GraphProto example() {
  onnx::GraphProto graph;
  add_node(graph, "Conv", "conv1", {"x"}, {"a"});
  add_node(graph, "Conv", "conv2", {"a"}, {"b"});
  add_node(graph, "Gemm", "fc", {"b"}, {"c"});
  add_node(graph, "Relu", "", {"c"}, {"relu_out"});
  auto& branch = *add_node(graph, "If", "choice", {"flag"}, {"d"}).add_attribute();
  branch.set_name("then_branch");
  add_node(*branch.mutable_g(), "Conv", "inner_conv", {"b"}, {"e"});
  return graph;
}

std::vector<std::string> selected(std::vector<std::string> include,
                                  std::vector<std::string> exclude) {
  const auto graph = example();
  const auto selection = Selection::make(graph, std::move(include), std::move(exclude));
  if (!selection) return {selection.error().message};
  std::vector<std::string> names;
  for (const auto& node : graph.node()) {
    if (selection->contains(node)) names.push_back(node.output(0));
  }
  if (selection->contains(graph.node(4).attribute(0).g().node(0))) names.push_back("e");
  return names;
}

TEST(Selection, WithoutPatternsHoldsEveryNode) {
  EXPECT_THAT(selected({}, {}), ElementsAre("a", "b", "c", "relu_out", "d", "e"));
}

TEST(Selection, StarStandsForAnyCharactersAndQuestionMarkForOne) {
  EXPECT_THAT(selected({"conv*"}, {}), ElementsAre("a", "b"));
  EXPECT_THAT(selected({"*conv*"}, {}), ElementsAre("a", "b", "e"));
  EXPECT_THAT(selected({"conv?"}, {"*2"}), ElementsAre("a"));
  EXPECT_THAT(selected({"c*v*2"}, {}), ElementsAre("b"));
}

TEST(Selection, AnOperatorTypeSelectsItsNodes) {
  EXPECT_THAT(selected({"Conv"}, {}), ElementsAre("a", "b", "e"));
  EXPECT_THAT(selected({"op:Conv"}, {"inner_conv"}), ElementsAre("a", "b"));
  EXPECT_THAT(selected({}, {"op:*e*"}), ElementsAre("a", "b", "d", "e"));
}

TEST(Selection, ANodeWithoutANameGoesByItsFirstOutput) {
  EXPECT_THAT(selected({"relu_*"}, {}), ElementsAre("relu_out"));
}

TEST(Selection, APatternThatMatchesNothingIsNamedWithTheNearestNames) {
  EXPECT_THAT(selected({"conv3"}, {}),
              ElementsAre("include pattern \"conv3\" matches no node of the model; the nearest "
                          "names are \"conv1\", \"conv2\", \"Conv\""));
  EXPECT_THAT(selected({}, {"op:Gem"}), ElementsAre(HasSubstr("names are \"op:Gemm\"")));
  EXPECT_THAT(selected({"conv"}, {}), ElementsAre(HasSubstr("\"Conv\"")));
}

}  // namespace
}  // namespace zp
