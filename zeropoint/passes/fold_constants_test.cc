#include "zeropoint/passes/fold_constants.h"

#include <gmock/gmock.h>

#include "tests/support/onnx_graphs.h"

// What each operator makes of constants is tested against ONNX Runtime in test_folding.py.
namespace zp {
namespace {

using ::testing::ElementsAre;

int fold(Model& model) {
  size_t growth_left = allowed_growth(model);
  const auto values = infer_values(model).value();
  const auto count = fold_constants(model, model.graph(), values, growth_left);
  EXPECT_TRUE(count) << count.error().message;
  expect_valid(model);
  return count.value_or(-1);
}

TEST(FoldConstants, AChainInFrontOfAWeightBecomesTheWeight) {
  Model model = model_of(R"(g (float[n,3] x) => (float[n,2] z)
      <float[2,3] w = {1, 2, 3, 4, 5, 6}, float h = {0.5}> {
        a = Transpose(w)
        b = Mul(a, h)
        z = MatMul(x, b)
      })");
  EXPECT_EQ(fold(model), 2);
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("z = MatMul(x, b)"));
  EXPECT_THAT(floats_of(model.graph(), "b"), ElementsAre(0.5, 2, 1, 2.5, 1.5, 3));
  EXPECT_EQ(model.graph().initializer_size(), 1);
}

TEST(FoldConstants, ATiedWeightThatIsLargeIsNotDoubled) {
  // 200 x 200 floats, 160 kB: more than what the model may grow by.
  Model model = model_of(R"(g (int64[n] i) => (float[n,200] z)
      <float h = {1}, int64[2] s = {200, 200}> {
        r = Expand(h, s)
        w = Relu(r)
        e = Gather(w, i)
        t = Transpose(w)
        z = MatMul(e, t)
      })");
  EXPECT_EQ(fold(model), 0);  // nor is a large tensor made of one number
  auto& graph = model.graph();
  auto& tensor = *graph.add_initializer();
  tensor.set_name("w");
  put_in_message(tensor, Tensor::zeros(DataType::kFloat, Shape::make({200, 200}).value()).value());
  graph.mutable_node()->DeleteSubrange(0, 2);
  EXPECT_EQ(fold(model), 0);
  // Read by nobody else it takes no more room than before.
  graph.mutable_node(0)->set_op_type("Identity");
  graph.mutable_node(0)->clear_input();
  graph.mutable_node(0)->add_input("x");
  *graph.mutable_input(0) = onnx::ValueInfoProto();
  graph.mutable_input(0)->set_name("x");
  auto& type = *graph.mutable_input(0)->mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_param("n");
  type.mutable_shape()->add_dim()->set_dim_value(200);
  EXPECT_EQ(fold(model), 1);
  EXPECT_THAT(nodes_of(graph), ElementsAre("e = Identity(x)", "z = MatMul(e, t)"));
}

TEST(FoldConstants, HalfWeightsThatAreCastMayGrow) {
  Model model = model_of(R"(g (float[n,300] x) => (float[n,300] z) {
        c = Cast<to = 1>(w)
        z = MatMul(x, c)
      })");
  auto& tensor = *model.graph().add_initializer();
  tensor.set_name("w");
  put_in_message(tensor,
                 Tensor::zeros(DataType::kFloat16, Shape::make({300, 300}).value()).value());
  EXPECT_EQ(fold(model), 1);
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("z = MatMul(x, c)"));
}

TEST(FoldConstants, OutputsOfTheGraphAndWhatDependsOnAnInputStay) {
  Model model = model_of(R"(g (float[2] x) => (float[2] z, float[2] y)
      <float[2] c = {1, 2}> {
        y = Neg(c)
        a = Neg(x)
        z = Add(a, c)
      })");
  EXPECT_EQ(fold(model), 0);
}

TEST(FoldConstants, AnOverridableInputIsNoConstant) {
  Model model = model_of(R"(g (float[2] x, float[2] c) => (float[2] z)
      <float[2] c = {1, 2}> { a = Neg(c) z = Add(x, a) })");
  EXPECT_EQ(fold(model), 0);
}

TEST(FoldConstants, DivisionByZeroAndValuesBeyondIntegersAreLeftToTheRuntime) {
  Model model = model_of(R"(g (int64[1] x) => (int64[1] z)
      <int64[1] one = {1}, int64[1] none = {0}, float[1] huge = {1e30}> {
        a = Div(one, none)
        b = Cast<to = 7>(huge)
        c = Add(a, b)
        z = Add(x, c)
      })");
  EXPECT_EQ(fold(model), 0);
}

TEST(FoldConstants, ShapeTakesStartAndEnd) {
  Model model = model_of(R"(g (float[2,3,4,5] x) => (int64[2] z)
      <int64[2] zero = {0, 0}> {
        a = Shape<start = 1, end = -1>(x)
        z = Add(a, zero)
      })",
                         15);
  EXPECT_EQ(fold(model), 1);
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("z = Add(a, zero)"));
  for (const auto& tensor : model.graph().initializer()) {
    if (tensor.name() != "a") continue;
    EXPECT_THAT(tensor_in_message(tensor)->as<int64_t>(), ElementsAre(3, 4));
  }
}

}  // namespace
}  // namespace zp
