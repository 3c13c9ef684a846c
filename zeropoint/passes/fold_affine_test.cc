#include <gmock/gmock.h>

#include "tests/support/onnx_graphs.h"
#include "zeropoint/passes/fold_affine_after.h"
#include "zeropoint/passes/fold_affine_before.h"
#include "zeropoint/passes/fold_gemm_factors.h"

// The values of folded weights, for every layer and operation, are tested against ONNX Runtime in
// test_folding.py; here is what becomes of the graph, with numbers that can be followed by hand.
namespace zp {
namespace {

using ::testing::ElementsAre;

int fold_after(Model& model) {
  const auto values = infer_values(model).value();
  const auto count = fold_affine_after(model, model.graph(), values);
  EXPECT_TRUE(count) << count.error().message;
  expect_valid(model);
  return count.value_or(-1);
}

int fold_before(Model& model) {
  const auto values = infer_values(model).value();
  const auto count = fold_affine_before(model, model.graph(), values);
  EXPECT_TRUE(count) << count.error().message;
  expect_valid(model);
  return count.value_or(-1);
}

TEST(FoldAffineAfter, BatchNormalizationScalesFiltersAndMakesABias) {
  // a = s / sqrt(v + 0) = {4/2, 3/1} = {2, 3}; c = t - a m = {1 - 2, 0 - 6} = {-1, -6}.
  Model model = model_of(R"(g (float[1,1,2,2] x) => (float[1,2,2,2] z)
      <float[2,1,1,1] w = {10, 20}, float[2] s = {4, 3}, float[2] t = {1, 0},
       float[2] m = {1, 2}, float[2] v = {4, 1}> {
        y = Conv(x, w)
        z = BatchNormalization<epsilon = 0.0>(y, s, t, m, v)
      })");
  EXPECT_EQ(fold_after(model), 1);
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("z = Conv(x, w, w_bias)"));
  EXPECT_THAT(floats_of(model.graph(), "w"), ElementsAre(20, 60));
  EXPECT_THAT(floats_of(model.graph(), "w_bias"), ElementsAre(-1, -6));
  EXPECT_EQ(model.graph().initializer_size(), 2);
}

TEST(FoldAffineAfter, AChainGoesInOneAfterTheOther) {
  Model model = model_of(R"(g (float[1,1,2,2] x) => (float[1,2,2,2] z)
      <float[2,1,1,1] w = {1, 2}, float[2] b = {1, 1}, float[2,1,1] p = {10, 20},
       float q = {3}> {
        y = Conv(x, w, b)
        u = Add(p, y)
        z = Mul(u, q)
      })");
  EXPECT_EQ(fold_after(model), 2);
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("z = Conv(x, w, b)"));
  EXPECT_THAT(floats_of(model.graph(), "w"), ElementsAre(3, 6));
  EXPECT_THAT(floats_of(model.graph(), "b"), ElementsAre(33, 63));
}

TEST(FoldAffineAfter, WeightsThatAnotherNodeReadsAreCopied) {
  Model model = model_of(R"(g (float[1,1,2,2] x) => (float[1,2,2,2] z, float[1,2,2,2] u)
      <float[2,1,1,1] w = {1, 2}, float q = {3}> {
        y = Conv(x, w)
        z = Mul(y, q)
        u = Conv(x, w)
      })");
  EXPECT_EQ(fold_after(model), 1);
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("z = Conv(x, w_1)", "u = Conv(x, w)"));
  EXPECT_THAT(floats_of(model.graph(), "w"), ElementsAre(1, 2));
  EXPECT_THAT(floats_of(model.graph(), "w_1"), ElementsAre(3, 6));
}

TEST(FoldAffineAfter, ABiasAloneLeavesTheWeightsUntouched) {
  Model model = model_of(R"(g (float[n,2] x) => (float[n,2] z)
      <float[2,2] w = {1, 2, 3, 4}, float[2] c = {5, 6}> {
        y = MatMul(x, w)
        z = Add(y, c)
      })");
  EXPECT_EQ(fold_after(model), 1);
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("z = Gemm(x, w, w_bias)"));
  EXPECT_THAT(floats_of(model.graph(), "w"), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(floats_of(model.graph(), "w_bias"), ElementsAre(5, 6));
}

// Graphs that must stay, each with the reason.
struct Unfoldable {
  const char* why;
  const char* graph;
};
class FoldAffineAfterStays : public ::testing::TestWithParam<Unfoldable> {};

TEST_P(FoldAffineAfterStays, GraphIsAsBefore) {
  Model model = model_of(GetParam().graph);
  const auto before = nodes_of(model.graph());
  EXPECT_EQ(fold_after(model), 0);
  EXPECT_EQ(nodes_of(model.graph()), before);
}

INSTANTIATE_TEST_SUITE_P(
    Reasons, FoldAffineAfterStays,
    ::testing::Values(
        Unfoldable{"OtherReader", R"(g (float[1,1,2,2] x) => (float[1,2,2,2] z, float[1,2,2,2] u)
            <float[2,1,1,1] w = {1, 2}, float q = {3}>
            { y = Conv(x, w) z = Mul(y, q) u = Relu(y) })"},
        Unfoldable{"GraphOutput", R"(g (float[1,1,2,2] x) => (float[1,2,2,2] z, float[1,2,2,2] y)
            <float[2,1,1,1] w = {1, 2}, float q = {3}>
            { y = Conv(x, w) z = Mul(y, q) })"},
        Unfoldable{"ReadByABody", R"(g (float[1,1,2,2] x, bool c) => (float[1,2,2,2] z)
            <float[2,1,1,1] w = {1, 2}, float q = {3}> {
              y = Conv(x, w)
              u = If (c) <then_branch = a () => (float[1,2,2,2] p) { p = Identity(y) },
                          else_branch = b () => (float[1,2,2,2] r) { r = Neg(y) }>
              v = Mul(y, q)
              z = Add(u, v) })"},
        Unfoldable{"PerPixel", R"(g (float[1,1,2,2] x) => (float[1,2,2,2] z)
            <float[2,1,1,1] w = {1, 2}, float[1,2] q = {3, 4}>
            { y = Conv(x, w) z = Mul(y, q) })"},
        Unfoldable{"ConstantWidensTheResult", R"(g (float[1,1,2,2] x) => (float[1,3,2,2] z)
            <float[1,1,1,1] w = {1}, float[3,1,1] q = {3, 4, 5}>
            { y = Conv(x, w) z = Mul(y, q) })"},
        Unfoldable{"ConstantAddsARank", R"(g (float[2,3] x) => (float[1,2,2] z)
            <float[3,2] w = {1, 2, 3, 4, 5, 6}, float[1,1,2] q = {3, 4}>
            { y = MatMul(x, w) z = Mul(y, q) })"},
        Unfoldable{"WeightsAreAnInput",
                   R"(g (float[1,1,2,2] x, float[2,1,1,1] w) => (float[1,2,2,2] z)
            <float q = {3}> { y = Conv(x, w) z = Mul(y, q) })"},
        Unfoldable{"ConstantDividedByX", R"(g (float[1,1,2,2] x) => (float[1,2,2,2] z)
            <float[2,1,1,1] w = {1, 2}, float q = {3}>
            { y = Conv(x, w) z = Div(q, y) })"},
        Unfoldable{"DividesByZero", R"(g (float[1,1,2,2] x) => (float[1,2,2,2] z)
            <float[2,1,1,1] w = {1, 2}, float q = {0}>
            { y = Conv(x, w) z = Div(y, q) })"},
        Unfoldable{"Overflows", R"(g (float[1,1,2,2] x) => (float[1,2,2,2] z)
            <float[2,1,1,1] w = {1, 3e38}, float q = {10}>
            { y = Conv(x, w) z = Mul(y, q) })"},
        Unfoldable{"Double", R"(g (double[1,1,2,2] x) => (double[1,2,2,2] z)
            <double[2,1,1,1] w = {1, 2}, double q = {3}>
            { y = Conv(x, w) z = Mul(y, q) })"},
        Unfoldable{"BiasOfAMatMulOfRank3", R"(g (float[n,2,2] x) => (float[n,2,2] z)
            <float[2,2] w = {1, 2, 3, 4}, float[2] c = {5, 6}>
            { y = MatMul(x, w) z = Add(y, c) })"}),
    [](const auto& info) { return std::string(info.param.why); });

TEST(FoldAffineAfter, BatchNormalizationInTrainingStays) {
  Model model = model_of(R"(g (float[1,1,2,2] x) => (float[1,1,2,2] z)
      <float[1,1,1,1] w = {1}, float[1] s = {1}, float[1] m = {0}> {
        y = Conv(x, w)
        z, mean, variance = BatchNormalization<training_mode = 1>(y, s, m, m, s)
      })",
                         15);
  EXPECT_EQ(fold_after(model), 0);
}

TEST(FoldAffineAfter, WorksInsideABody) {
  Model model = model_of(R"(g (float[1,1,2,2] x, bool c) => (float[1,1,2,2] z) {
      z = If (c) <
        then_branch = a () => (float[1,1,2,2] p)
          <float[1,1,1,1] w = {2}, float q = {3}> { y = Conv(x, w) p = Mul(y, q) },
        else_branch = b () => (float[1,1,2,2] r) { r = Neg(x) }>
      })");
  auto& body = *model.graph().mutable_node(0)->mutable_attribute(0)->mutable_g();
  EXPECT_EQ(fold_affine_after(model, body, {}).value(), 1);
  expect_valid(model);
  EXPECT_THAT(nodes_of(body), ElementsAre("p = Conv(x, w)"));
  EXPECT_THAT(floats_of(body, "w"), ElementsAre(6));
}

TEST(FoldAffineBefore, ShiftGoesThroughTheWeightsIntoTheBias) {
  // y = a x + c with a = {2, 3}, c = {-1, -6}; W = [[1, 2], [3, 4]] (rows: outputs).
  // W' = [[2, 6], [6, 12]], b' = b + W c = {10 - 1 - 12, 20 - 3 - 24} = {-3, -7}.
  Model model = model_of(R"(g (float[n,2] x) => (float[n,2] z)
      <float[2,2] w = {1, 2, 3, 4}, float[2] b = {10, 20}, float[2] s = {4, 3},
       float[2] t = {1, 0}, float[2] m = {1, 2}, float[2] v = {4, 1}> {
        y = BatchNormalization<epsilon = 0.0>(x, s, t, m, v)
        z = Gemm<transB = 1>(y, w, b)
      })");
  EXPECT_EQ(fold_before(model), 1);
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("z = Gemm(x, w, b)"));
  EXPECT_THAT(floats_of(model.graph(), "w"), ElementsAre(2, 6, 6, 12));
  EXPECT_THAT(floats_of(model.graph(), "b"), ElementsAre(-3, -7));
}

TEST(FoldAffineBefore, AnotherReaderKeepsItAll) {
  Model model = model_of(R"(g (float[n,2] x) => (float[n,2] z, float[n,2] u)
      <float[2,2] w = {1, 2, 3, 4}, float[2] s = {4, 3}> {
        y = BatchNormalization(x, s, s, s, s)
        z = Gemm(y, w)
        u = Relu(y)
      })");
  EXPECT_EQ(fold_before(model), 0);
  EXPECT_EQ(model.graph().node_size(), 3);
  EXPECT_THAT(floats_of(model.graph(), "w"), ElementsAre(1, 2, 3, 4));
}

TEST(FoldGemmFactors, GoIntoWeightsAndBias) {
  Model model = model_of(R"(g (float[n,2] x) => (float[n,2] z)
      <float[2,2] w = {1, 2, 3, 4}, float[1,2] b = {10, 20}> {
        z = Gemm<alpha = 0.5, beta = 3.0>(x, w, b)
      })");
  EXPECT_EQ(fold_gemm_factors(model, model.graph()).value(), 1);
  expect_valid(model);
  EXPECT_THAT(floats_of(model.graph(), "w"), ElementsAre(0.5, 1, 1.5, 2));
  EXPECT_THAT(floats_of(model.graph(), "b"), ElementsAre(30, 60));
  EXPECT_EQ(model.graph().node(0).attribute_size(), 0);
  EXPECT_EQ(fold_gemm_factors(model, model.graph()).value(), 0);
}

}  // namespace
}  // namespace zp
