#include "zeropoint/data/input_spec.h"

#include "zeropoint/data/test_files.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<InputSpec> inputs() {
  return {{"x", DataType::kFloat, {-1, 3, -1}, {"batch", "", "width"}},
          {"mask", DataType::kInt64, {-1, 4}, {"batch", ""}},
          {.name = "any", .type = DataType::kBool, .dims = {}, .has_rank = false}};
}

Status settle(std::vector<InputSpec>& specs, std::vector<std::string> shapes,
              std::vector<std::string> dims) {
  ShapeChoices choices;
  for (const std::string& shape : shapes) ZP_RETURN_IF_ERROR(add_input_shape(choices, shape));
  for (const std::string& dim : dims) ZP_RETURN_IF_ERROR(add_dim(choices, dim));
  return settle_shapes(specs, choices);
}
std::string settle_error(std::vector<std::string> shapes, std::vector<std::string> dims) {
  auto specs = inputs();
  return message(settle(specs, std::move(shapes), std::move(dims)));
}

TEST(InputSpec, IsWrittenWithItsSymbols) {
  EXPECT_EQ(to_string(inputs()[0]), "float [batch, 3, width]");
  EXPECT_EQ(to_string(inputs()[2]), "bool");
  EXPECT_EQ(to_string({"y", DataType::kInt8, {-1, 2}}), "int8 [?, 2]");
}

TEST(SettleShapes, ASymbolIsSettledWhereverItStands) {
  auto specs = inputs();
  ASSERT_TRUE(settle(specs, {}, {"batch=2"}));
  EXPECT_THAT(specs[0].dims, ElementsAre(2, 3, -1));
  EXPECT_THAT(specs[1].dims, ElementsAre(2, 4));
}

TEST(SettleShapes, AShapeFillsInWhatIsOpen) {
  auto specs = inputs();
  const auto status = settle(specs, {"x:1x3x8", "any:5"}, {});
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(specs[0].dims, ElementsAre(1, 3, 8));
  EXPECT_TRUE(specs[2].has_rank);
  EXPECT_THAT(specs[2].dims, ElementsAre(5));
}

TEST(SettleShapes, TheLastColonEndsTheName) {
  std::vector<InputSpec> specs{{"input:0", DataType::kFloat, {-1, 2}}};
  ASSERT_TRUE(settle(specs, {"input:0:4x2"}, {}));
  EXPECT_THAT(specs[0].dims, ElementsAre(4, 2));
}

TEST(SettleShapes, WhatDoesNotFitIsNamed) {
  EXPECT_THAT(settle_error({}, {"bach=1"}),
              HasSubstr("no input has a dimension called \"bach\"; they have batch, width"));
  EXPECT_THAT(settle_error({"z:1"}, {}), HasSubstr("the inputs are \"x\", \"mask\", \"any\""));
  EXPECT_THAT(settle_error({"x:1x3"}, {}), HasSubstr("the shape 1x3 has another rank"));
  EXPECT_THAT(settle_error({"x:1x4x8"}, {}), HasSubstr("dimension 1 cannot become 4"));
  EXPECT_THAT(settle_error({"x:1x3x8"}, {"batch=2"}), HasSubstr("dimension 0 cannot become 1"));
}

TEST(SettleShapes, TextsOfAnotherFormAreRefused) {
  for (const std::string text : {"", "x", ":1x2", "x:", "x:1x", "x:1xa", "x:-1"}) {
    EXPECT_THAT(settle_error({text}, {}), HasSubstr("expected NAME:SIZES")) << text;
  }
  for (const std::string text : {"", "batch", "=1", "batch=", "batch=x", "batch=-1"}) {
    EXPECT_THAT(settle_error({}, {text}), HasSubstr("expected SYMBOL=SIZE")) << text;
  }
  EXPECT_THAT(settle_error({}, {"batch=1", "batch=2"}), HasSubstr("two sizes"));
  EXPECT_THAT(settle_error({"x:1x3x8", "x:1x3x9"}, {}), HasSubstr("two shapes"));
}

TEST(InputSpecs, AreTheInputsThatAreNoInitializers) {
  onnx::ModelProto proto;
  proto.set_ir_version(8);
  proto.add_opset_import()->set_version(13);
  onnx::GraphProto& graph = *proto.mutable_graph();
  const auto add = [&](const std::string& name) {
    onnx::ValueInfoProto& input = *graph.add_input();
    input.set_name(name);
    return input.mutable_type();
  };
  auto& tensor = *add("x")->mutable_tensor_type();
  tensor.set_elem_type(onnx::TensorProto::FLOAT);
  tensor.mutable_shape()->add_dim()->set_dim_param("n");
  tensor.mutable_shape()->add_dim()->set_dim_value(4);
  add("w")->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  graph.add_initializer()->set_name("w");
  add("free")->mutable_tensor_type()->set_elem_type(onnx::TensorProto::INT64);

  const auto specs = input_specs(Model::parse(proto.SerializeAsString(), "m.onnx").value());
  ASSERT_TRUE(specs) << specs.error().message;
  ASSERT_EQ(specs->size(), 2U);
  EXPECT_EQ(to_string((*specs)[0]), "float [n, 4]");
  EXPECT_EQ((*specs)[1].name, "free");
  EXPECT_FALSE((*specs)[1].has_rank);

  add("list")->mutable_sequence_type();
  EXPECT_THAT(message(input_specs(Model::parse(proto.SerializeAsString(), "m.onnx").value())),
              HasSubstr("m.onnx: input \"list\" is no tensor"));
}

}  // namespace
}  // namespace zp
