#include "zeropoint/passes/remove_identities.h"

#include <gmock/gmock.h>

#include "tests/support/onnx_graphs.h"

namespace zp {
namespace {

using ::testing::ElementsAre;

int remove(Model& model) {
  const auto count = remove_identities(model, model.graph());
  EXPECT_TRUE(count) << count.error().message;
  expect_valid(model);
  return count.value_or(-1);
}

TEST(RemoveIdentities, ReadersReadWhatItRead) {
  Model model = model_of(R"(g (float[2] x) => (float[2] z) {
      a = Identity(x)
      b = Identity(a)
      c, mask = Dropout(b)
      z = Relu(c)
    })");
  EXPECT_EQ(remove(model), 3);
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("z = Relu(x)"));
}

TEST(RemoveIdentities, AnOutputKeepsItsName) {
  Model model = model_of(R"(g (float[2] x) => (float[2] z) {
      y = Relu(x)
      u = Neg(y)
      v = Add(u, y)
      w = Identity(v)
      z = Dropout(w)
    })");
  EXPECT_EQ(remove(model), 2);
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("y = Relu(x)", "u = Neg(y)", "z = Add(u, y)"));
}

TEST(RemoveIdentities, OneBetweenInputOrOutputAndOutputStays) {
  Model model = model_of(R"(g (float[2] x) => (float[2] y, float[2] z, float[2] u) {
      y = Identity(x)
      z = Relu(x)
      u = Identity(z)
    })");
  EXPECT_EQ(remove(model), 0);
  EXPECT_EQ(model.graph().node_size(), 3);
}

TEST(RemoveIdentities, DropoutThatTrainsOrWhoseMaskIsReadStays) {
  Model model = model_of(R"(g (float[2] x) => (float[2] z, bool[2] n)
      <float r = {0.5}, bool yes = {1}, bool no = {0}> {
      a = Dropout(x, r, yes)
      b, m = Dropout(a)
      n = Not(m)
      c = Dropout(b, r, no)
      z = Relu(c)
    })");
  EXPECT_EQ(remove(model), 1);
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("a = Dropout(x, r, yes)", "b, m = Dropout(a)",
                                                   "n = Not(m)", "z = Relu(b)"));
}

TEST(RemoveIdentities, BodiesReadTheValueUnderItsNewName) {
  Model model = model_of(R"(g (float[2] x, bool c) => (float[2] z, float[2] o) {
      y = Relu(x)
      o = Identity(y)
      a = Identity(x)
      z = If (c) <then_branch = t () => (float[2] p) { p = Neg(y) },
                  else_branch = e () => (float[2] q) { q = Neg(a) }>
    })");
  EXPECT_EQ(remove(model), 2);
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("o = Relu(x)", "z = If(c)"));
  EXPECT_THAT(nodes_of(model.graph().node(1).attribute(0).g()), ElementsAre("p = Neg(o)"));
  EXPECT_THAT(nodes_of(model.graph().node(1).attribute(1).g()), ElementsAre("q = Neg(x)"));
}

TEST(RemoveIdentities, ABodyThatHasAValueOfThatNameIsNotConfused) {
  // In the body, x is another value: its reader must not come to read that one.
  Model model = model_of(R"(g (float[2] x, bool c) => (float[2] z) {
      a = Identity(x)
      z = If (c) <then_branch = t () => (float[2] p) { x = Neg(a) p = Add(x, a) },
                  else_branch = e () => (float[2] q) { q = Neg(a) }>
    })");
  EXPECT_EQ(remove_identities(model, model.graph()).value(), 0);
}

TEST(RemoveIdentities, ABodyMayHandOnAValueFromOutside) {
  Model model = model_of(R"(g (float[2] x, bool c) => (float[2] z) {
      z = If (c) <then_branch = t () => (float[2] p) { p = Identity(x) },
                  else_branch = e () => (float[2] q) { r = Neg(x) q = Identity(r) }>
    })");
  auto& node = *model.graph().mutable_node(0);
  EXPECT_EQ(remove_identities(model, *node.mutable_attribute(0)->mutable_g()).value(), 0);
  EXPECT_EQ(remove_identities(model, *node.mutable_attribute(1)->mutable_g()).value(), 1);
  expect_valid(model);
}

}  // namespace
}  // namespace zp
