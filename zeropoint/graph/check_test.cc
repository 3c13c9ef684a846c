#include "zeropoint/graph/check.h"

#include <gmock/gmock.h>

#include "tests/support/onnx_graphs.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string structure_error(const Model& model) {
  const auto status = check_structure(model.proto());
  return status ? "" : status.error().message;
}

TEST(CheckStructure, NamesWhatIsWrong) {
  EXPECT_EQ(structure_error(model_of("g (float[2] x) => (float[2] z) { z = Relu(y) y = Neg(x) }")),
            "");
  EXPECT_THAT(structure_error(model_of("g (float[2] x) => (float[2] z) { z = Relu(y) }")),
              HasSubstr("Relu node that makes \"z\" reads \"y\", which nothing makes"));
  EXPECT_THAT(structure_error(model_of("g (float[2] x) => (float[2] z) { y = Relu(x) }")),
              HasSubstr("output \"z\" is made by nothing"));
  EXPECT_THAT(
      structure_error(model_of("g (float[2] x) => (float[2] z) { z = Relu(x) z = Neg(x) }")),
      HasSubstr("value \"z\" is made twice, by Relu node that makes \"z\" and by Neg node"));
  EXPECT_THAT(structure_error(model_of("g (float[2] x) => (float[2] x) { x = Relu(x) }")),
              HasSubstr("value \"x\" is made by Relu node that makes \"x\", and is an input"));
  EXPECT_THAT(structure_error(model_of("g (float[2] x, float[2] x) => (float[2] z) "
                                       "{ z = Relu(x) }")),
              HasSubstr("input \"x\" is there twice"));
}

TEST(CheckStructure, LooksIntoBodies) {
  EXPECT_THAT(structure_error(model_of("g (float[2] x, bool c) => (float[2] z) { z = If (c) <"
                                       "then_branch = t () => (float[2] p) { p = Neg(x) },"
                                       "else_branch = e () => (float[2] q) { q = Neg(p) }> }")),
              HasSubstr("Neg node that makes \"q\" reads \"p\", which nothing makes"));
}

TEST(CheckStructure, TensorsHoldWhatTheirShapesSay) {
  Model model = model_of("g (float[2] x) => (float[2] z) <float[2] w = {1, 2}> { z = Add(x, w) }");
  model.graph().mutable_initializer(0)->set_dims(0, 3);
  EXPECT_THAT(structure_error(model), HasSubstr("tensor \"w\": a float tensor of shape [3] takes"));
  model.graph().mutable_initializer(0)->set_dims(0, 2);
  *model.graph().add_initializer() = model.graph().initializer(0);
  EXPECT_THAT(structure_error(model), HasSubstr("initializer \"w\" is there twice"));
}

TEST(CheckWithOnnx, SaysWhatOnnxSaysInALine) {
  const Model model = model_of("g (float[2] x, int64[2] i) => (float[2] z) { z = Add(x, i) }");
  const auto status = check_with_onnx(model);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("test.onnx: ONNX's checker: "));
  EXPECT_EQ(status.error().message.find('\n'), std::string::npos);
}

TEST(CheckWithOnnx, LargeWeightsOfAnyIrVersionAreLeftWhereTheyAre) {
  Model model = model_of("g (float[n,300] x) => (float[n,200] z) { z = MatMul(x, w) }");
  ASSERT_TRUE(model.add_initializer(
      "w", Tensor::zeros(DataType::kFloat, Shape::make({300, 200}).value()).value()));
  expect_valid(model);
  model.graph().mutable_initializer(0)->set_dims(0, 400);
  EXPECT_THAT(check_with_onnx(model).error().message,
              HasSubstr("test.onnx: tensor \"w\": a float tensor of shape [400, 200] takes"));
  ASSERT_TRUE(
      model.write(*model.graph().mutable_initializer(0),
                  Tensor::zeros(DataType::kFloat, Shape::make({400, 200}).value()).value()));
  EXPECT_THAT(check_with_onnx(model).error().message, HasSubstr("ShapeInferenceError"));
}

TEST(InferValues, ShapesAndTypesAsFarAsTheyAreKnown) {
  Model model = model_of(R"(g (float[n,3] x) => (float[n,2] z)
      <float[3,2] w = {1, 2, 3, 4, 5, 6}> {
        y = MatMul(x, w)
        i = Shape(y)
        z = Relu(y)
      })");
  const auto values = infer_values(model).value();
  EXPECT_THAT(*values.at("y").dims, ElementsAre(-1, 2));
  EXPECT_EQ(values.at("y").type, DataType::kFloat);
  EXPECT_EQ(values.at("i").type, DataType::kInt64);
  EXPECT_THAT(*values.at("i").dims, ElementsAre(2));
  EXPECT_THAT(*values.at("w").dims, ElementsAre(3, 2));
}

TEST(InferValues, LargeWeightsAreNotNeededForIt) {
  Model model = model_of("g (float[n,300] x) => (float[n,m] z) { z = MatMul(x, w) }");
  ASSERT_TRUE(model.add_initializer(
      "w", Tensor::zeros(DataType::kFloat, Shape::make({300, 200}).value()).value()));
  EXPECT_THAT(*infer_values(model)->at("z").dims, ElementsAre(-1, 200));
  EXPECT_EQ(model.graph().initializer(0).raw_data().size(), 240'000U);
}

}  // namespace
}  // namespace zp
