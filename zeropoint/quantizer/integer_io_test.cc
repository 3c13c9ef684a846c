#include "zeropoint/quantizer/integer_io.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/onnx_graphs.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kModel = R"(g (float[2] x, float[2] other) => (float[2] y, float[2] sum)
    <float s = {0.5}, uint8 z = {3}, float ys = {0.25}, int8 yz = {-7}> {
      q = QuantizeLinear(x, s, z)
      d = DequantizeLinear(q, s, z)
      r = Relu(d)
      rq = QuantizeLinear(r, ys, yz)
      y = DequantizeLinear(rq, ys, yz)
      sum = Add(d, other)
    })";

onnx::TensorProto::DataType type_of(const onnx::ValueInfoProto& value) {
  return static_cast<onnx::TensorProto::DataType>(value.type().tensor_type().elem_type());
}

TEST(IntegerIo, InputsAndOutputsBecomeCodesUnderTheirNames) {
  Model model = model_of(kModel);
  const auto io = make_io_integer(model);
  ASSERT_TRUE(io) << io.error().message;
  expect_valid(model);
  EXPECT_THAT(nodes_of(model.graph()),
              ElementsAre("d = DequantizeLinear(x, s, z)", "r = Relu(d)",
                          "y = QuantizeLinear(r, ys, yz)", "sum = Add(d, other)"));
  EXPECT_EQ(type_of(model.graph().input(0)), onnx::TensorProto::UINT8);
  EXPECT_EQ(type_of(model.graph().output(0)), onnx::TensorProto::INT8);
  ASSERT_EQ(io->inputs.size(), 1U);
  EXPECT_EQ(io->inputs[0].name, "x");
  EXPECT_EQ(io->inputs[0].params,
            (QuantParams{.type = IntType::kUint8, .scale = 0.5F, .zero_point = 3}));
  ASSERT_EQ(io->outputs.size(), 1U);
  EXPECT_EQ(io->outputs[0].name, "y");
  EXPECT_EQ(io->outputs[0].params,
            (QuantParams{.type = IntType::kInt8, .scale = 0.25F, .zero_point = -7}));
}

TEST(IntegerIo, WhatHasNoCodesStaysFloatAndIsNamed) {
  Model model = model_of(kModel);
  const auto io = make_io_integer(model);
  ASSERT_TRUE(io) << io.error().message;
  EXPECT_THAT(io->in_float, ElementsAre("other", "sum"));
  EXPECT_EQ(type_of(model.graph().input(1)), onnx::TensorProto::FLOAT);
  EXPECT_EQ(type_of(model.graph().output(1)), onnx::TensorProto::FLOAT);
}

TEST(IntegerIo, TheModelSaysWhatItsCodesMean) {
  Model model = model_of(kModel);
  ASSERT_TRUE(make_io_integer(model));
  ASSERT_EQ(model.proto().metadata_props_size(), 1);
  EXPECT_EQ(model.proto().metadata_props(0).key(), "zeropoint.io");
  EXPECT_EQ(nlohmann::json::parse(model.proto().metadata_props(0).value()),
            nlohmann::json::parse(R"({
              "inputs": {"x": {"type": "uint8", "scale": 0.5, "zero_point": 3}},
              "outputs": {"y": {"type": "int8", "scale": 0.25, "zero_point": -7}}})"));
}

// The float values are read by somebody else too, so both are needed.
TEST(IntegerIo, AnInputWithAnotherReaderStaysFloat) {
  Model model = model_of(R"(g (float[2] x) => (float[2] y) <float s = {0.5}, uint8 z = {3}> {
      q = QuantizeLinear(x, s, z)
      d = DequantizeLinear(q, s, z)
      y = Add(d, x)
    })");
  const auto io = make_io_integer(model);
  ASSERT_TRUE(io) << io.error().message;
  EXPECT_THAT(io->inputs, IsEmpty());
  EXPECT_THAT(io->in_float, ElementsAre("x", "y"));
  EXPECT_EQ(model.graph().node_size(), 3);
}

TEST(IntegerIo, ParametersByChannelAreNamed) {
  Model model = model_of(R"(g (float[2] x) => (float[2] y)
      <float[2] s = {0.5, 1}, uint8[2] z = {3, 4}> {
        q = QuantizeLinear<axis = 0>(x, s, z)
        y = DequantizeLinear<axis = 0>(q, s, z)
      })");
  const auto io = make_io_integer(model);
  ASSERT_FALSE(io);
  EXPECT_THAT(io.error().message, HasSubstr("parameters by channel"));
}

}  // namespace
}  // namespace zp
