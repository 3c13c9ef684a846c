#include "zeropoint/passes/constants.h"

#include <gmock/gmock.h>

#include "tests/support/onnx_graphs.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::string> input_names(const onnx::GraphProto& graph) {
  std::vector<std::string> names;
  for (const auto& input : graph.input()) names.push_back(input.name());
  return names;
}

TEST(ConstantsToInitializers, EveryNumericAttributeIsTaken) {
  Model model = model_of(R"(g (float[2] x) => (float[2] z, int64[2] k, float[1] o) {
      a = Constant<value = float[2] {1, 2}>()
      b = Constant<value_float = 3.0>()
      c = Constant<value_floats = [4.0, 5.0]>()
      i = Constant<value_int = 6>()
      j = Constant<value_ints = [7, 8]>()
      k = Mul(i, j)
      o = Constant<value = float[1] {9}>()
      z = Sum(x, a, b, c)
    })");
  EXPECT_EQ(constants_to_initializers(model, model.graph()).value(), 5);
  expect_valid(model);
  EXPECT_THAT(nodes_of(model.graph()),
              ElementsAre("k = Mul(i, j)", "o = Constant()", "z = Sum(x, a, b, c)"));
  EXPECT_THAT(floats_of(model.graph(), "a"), ElementsAre(1, 2));
  EXPECT_THAT(floats_of(model.graph(), "b"), ElementsAre(3));
  EXPECT_THAT(floats_of(model.graph(), "c"), ElementsAre(4, 5));
}

TEST(ConstantsToInitializers, StringsAndSparseTensorsStay) {
  Model model = model_of(R"(g () => (int64 n) {
      s = Constant<value_string = "text">()
      n = Size(s)
    })");
  EXPECT_EQ(constants_to_initializers(model, model.graph()).value(), 0);
  EXPECT_EQ(model.graph().node_size(), 2);
}

TEST(DefaultInputs, InIrVersion3AllAreConstants) {
  Model model = model_of(R"(g (float[1,2] x, float[2,2] w, float s) => (float[1,2] z)
      <float[2,2] w = {1, 2, 3, 4}, float s = {5}> { y = MatMul(x, w) z = Mul(y, s) })",
                         8);
  model.proto().set_ir_version(3);
  EXPECT_THAT(default_inputs_to_constants(model), ElementsAre("w", "s"));
  EXPECT_THAT(input_names(model.graph()), ElementsAre("x"));
}

TEST(DefaultInputs, FromIrVersion4OnWhatMayBeChosenStaysAnInput) {
  // w: weights; r: read by nobody; n: a shape. s is a scalar, t a number to add, h a first state.
  Model model = model_of(R"(g (float[1,2] x, float[2,2] w, float s, float[1] r, int64[2] n,
                               float[1,1,2] h, float[1,2,2] lw, float[1,2,2] lr)
          => (float[1,2] z, float[1,1,1,2] q)
      <float[2,2] w = {1, 2, 3, 4}, float s = {5}, float[1] r = {6}, int64[2] n = {1, 2},
       float[1,1,2] h = {0, 0}, float[1,2,2] lw = {1, 1, 1, 1}, float[1,2,2] lr = {1, 1, 1, 1},
       int64[1] zero = {0}> {
        y = MatMul(x, w)
        u = Mul(y, s)
        z = Reshape(u, n)
        v = Unsqueeze(x, zero)
        q = RNN<hidden_size = 2>(v, lw, lr, , , h)
      })");
  EXPECT_THAT(default_inputs_to_constants(model), UnorderedElementsAre("w", "r", "n", "lw", "lr"));
  EXPECT_THAT(input_names(model.graph()), ElementsAre("x", "s", "h"));
  expect_valid(model);
}

TEST(DefaultInputs, AModelWithoutAnyIsLeftAlone) {
  Model model = model_of("g (float[1] x) => (float[1] z) <float[1] c = {1}> { z = Add(x, c) }");
  EXPECT_THAT(default_inputs_to_constants(model), IsEmpty());
  EXPECT_THAT(input_names(model.graph()), ElementsAre("x"));
}

}  // namespace
}  // namespace zp
