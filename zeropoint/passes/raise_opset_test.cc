#include "zeropoint/passes/raise_opset.h"

#include <gmock/gmock.h>

#include "tests/support/onnx_graphs.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/passes/inline_functions.h"
#include "zeropoint/passes/normalize.h"

// Operators whose meaning changed are run before and after in test_folding.py.
namespace zp {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kUnsqueeze = R"(g (float[2,300] x) => (float[1,2,300] z)
    { y = Add(x, w) z = Unsqueeze<axes = [0]>(y) })";

Model model_with_weights(std::string_view graph, int opset) {
  Model model = model_of(graph, opset);
  auto& tensor = *model.graph().add_initializer();
  tensor.set_name("w");
  auto value = Tensor::zeros(DataType::kFloat, Shape::make({300}).value()).value();
  for (size_t i = 0; i < 300; ++i) value.as<float>()[i] = static_cast<float>(i);
  put_in_message(tensor, value);
  return model;
}

TEST(RaiseOpset, AxesBecomeAnInputAndWeightsStay) {
  Model model = model_with_weights(kUnsqueeze, 11);
  const auto raised = raise_opset(model, 13);
  EXPECT_EQ(raised.before, 11);
  EXPECT_EQ(raised.after, 13);
  EXPECT_EQ(raised.note, "");
  expect_valid(model);
  EXPECT_EQ(opset_version(model.proto()), 13);
  EXPECT_EQ(model.graph().node(2).input_size(), 2);
  EXPECT_EQ(floats_of(model.graph(), "w")[299], 299);
}

TEST(RaiseOpset, WhatIsThereAlreadyStays) {
  Model model = model_with_weights(kUnsqueeze, 11);
  const std::string before = model.serialize().value();
  EXPECT_EQ(raise_opset(model, 9).after, 11);
  EXPECT_EQ(model.serialize().value(), before);
}

TEST(RaiseOpset, KeepsWhatTheConverterDrops) {
  Model model = model_with_weights(kUnsqueeze, 11);
  auto& proto = model.proto();
  name_nodes(model);
  const auto add = [](auto& properties, const char* key) {
    auto& property = *properties.Add();
    property.set_key(key);
    property.set_value("kept");
  };
  add(*proto.mutable_metadata_props(), "model");
  add(*model.graph().mutable_metadata_props(), "graph");
  add(*model.graph().mutable_node(0)->mutable_metadata_props(), "node");
  add(*model.graph().mutable_input(0)->mutable_metadata_props(), "input");
  model.graph().mutable_initializer(0)->set_doc_string("weights");
  auto& annotation = *model.graph().add_quantization_annotation();
  annotation.set_tensor_name("y");
  ASSERT_EQ(raise_opset(model, 13).after, 13);
  const auto has = [](const auto& properties, const char* key) {
    return properties.size() == 1 && properties[0].key() == key && properties[0].value() == "kept";
  };
  EXPECT_TRUE(has(proto.metadata_props(), "model"));
  EXPECT_TRUE(has(model.graph().metadata_props(), "graph"));
  EXPECT_TRUE(has(model.graph().node(0).metadata_props(), "node"));
  EXPECT_TRUE(has(model.graph().input(0).metadata_props(), "input"));
  EXPECT_EQ(model.graph().initializer(0).doc_string(), "weights");
  EXPECT_EQ(model.graph().quantization_annotation_size(), 1);
  // What inference added for the converter is gone again.
  EXPECT_EQ(model.graph().value_info_size(), 0);
}

TEST(RaiseOpset, OperatorsOfOtherDomainsComeAlong) {
  Model model = model_of(R"(g (float[2,3] x) => (float[n,m,k] z) {
        y = com.microsoft.FastGelu(x)
        z = Unsqueeze<axes = [0]>(y)
      })",
                         11, {}, ", \"com.microsoft\" : 1");
  EXPECT_EQ(raise_opset(model, 13).note, "");
  expect_valid(model);
  EXPECT_EQ(model.graph().node(0).op_type(), "FastGelu");
  EXPECT_EQ(model.graph().node(0).domain(), "com.microsoft");
  EXPECT_EQ(opset_version(model.proto(), "com.microsoft"), 1);
}

TEST(RaiseOpset, AsFarAsItGoesWithTheReason) {
  Model model =
      model_of(R"(g (float[2,3,4] x) => (float[2,3,4] z) { z = Hardmax<axis = 1>(x) })", 9);
  const auto raised = raise_opset(model, 13);
  EXPECT_EQ(raised.after, 12);
  EXPECT_THAT(raised.note, HasSubstr("12 instead of 13: Hardmax node that makes \"z\""));
  expect_valid(model);
}

TEST(RaiseOpset, AnOperatorTheConverterDoesNotKnowStopsIt) {
  // ConvertVersion has no adapter for recurrent networks from 6 on.
  Model model = model_of(R"(g (float[1,1,2] x) => (float[1,1,1,1] y)
      <float[1,1,2] w = {1, 2}, float[1,1,1] r = {1}> { y = RNN<hidden_size = 1>(x, w, r) })",
                         6);
  const std::string before = model.serialize().value();
  const auto raised = raise_opset(model, 13);
  EXPECT_EQ(raised.after, 6);
  EXPECT_THAT(raised.note, HasSubstr("RNN"));
  EXPECT_EQ(model.serialize().value(), before);
}

TEST(RaiseOpset, BoundsOfADoubleClipAreDoubles) {
  Model model =
      model_of("g (double[2] x) => (double[2] z) { z = Clip<min = 0.0, max = 6.0>(x) }", 10);
  EXPECT_EQ(raise_opset(model, 13).note, "");
  expect_valid(model);
}

TEST(RaiseOpset, BodiesAreRaisedToo) {
  Model model = model_of(R"(g (float[2] x, bool c) => (float[1,2] z) {
      z = If (c) <then_branch = t () => (float[1,2] p) { p = Unsqueeze<axes = [0]>(x) },
                  else_branch = e () => (float[1,2] q) { n = Neg(x) q = Unsqueeze<axes = [0]>(n) }>
    })",
                         11);
  EXPECT_EQ(raise_opset(model, 13).after, 13);
  expect_valid(model);
  const auto& body = model.graph().node(0).attribute(0).g();
  EXPECT_EQ(body.node(body.node_size() - 1).input_size(), 2);
}

constexpr std::string_view kCall =
    R"(g (float[2] x) => (float[2] z) { y = local.f(x) z = local.f(y) })";

TEST(InlineFunctions, CallsBecomeTheNodesOfTheFunction) {
  Model model = model_of(kCall, 13, R"(<domain: "local", opset_import: ["" : 13]>
      f (a) => (b) { c = Relu(a) b = Neg(c) })",
                         ", \"local\" : 1");
  const auto inlined = inline_functions(model);
  EXPECT_EQ(inlined.count, 1);
  EXPECT_EQ(inlined.note, "");
  expect_valid(model);
  EXPECT_EQ(model.proto().functions_size(), 0);
  ASSERT_EQ(model.graph().node_size(), 4);
  EXPECT_EQ(model.graph().node(0).op_type(), "Relu");
  EXPECT_EQ(model.graph().node(3).op_type(), "Neg");
  EXPECT_EQ(model.graph().node(3).output(0), "z");
}

TEST(InlineFunctions, OneOfAnotherOperatorSetIsConvertedFirst) {
  Model model = model_of(R"(g (float[2] x) => (float[1,2] z) { z = local.f(x) })", 13,
                         R"(<domain: "local", opset_import: ["" : 11]>
      f (a) => (b) { b = Unsqueeze<axes = [0]>(a) })",
                         ", \"local\" : 1");
  EXPECT_EQ(inline_functions(model).count, 1);
  expect_valid(model);
}

TEST(InlineFunctions, WhatOnlyTheFunctionImportsIsImported) {
  Model model = model_of(R"(g (float[2] x) => (float[2] z) { z = local.f(x) })", 13,
                         R"(<domain: "local", opset_import: ["" : 13, "com.microsoft" : 1]>
      f (a) => (b) { b = com.microsoft.FastGelu(a) })",
                         ", \"local\" : 1");
  EXPECT_EQ(inline_functions(model).count, 1);
  EXPECT_EQ(opset_version(model.proto(), "com.microsoft"), 1);
}

}  // namespace
}  // namespace zp
