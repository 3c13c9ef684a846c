#include "tests/conformance/onnx_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/node_tests.h"
#include "zeropoint/numerics/onnx_test_tensors.h"

namespace zp::conformance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> all;
  for (const int value : values) all.push_back(static_cast<std::byte>(value));
  return all;
}

Bytes as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::vector<double> read_numbers(const WireWriter& tensor) {
  const auto read = read_tensor(tensor.bytes());
  if (!read) ADD_FAILURE() << read.error().message;
  return read ? numbers(read->tensor) : std::vector<double>();
}

std::string read_message(const WireWriter& tensor) {
  const auto read = read_tensor(tensor.bytes());
  return read ? "no error" : read.error().message;
}

// A TensorProto of one dimension.
WireWriter tensor_message(ElementType type, uint64_t size) {
  WireWriter writer;
  writer.varint_field(1, size);
  writer.varint_field(2, static_cast<uint64_t>(type));
  writer.bytes_field(8, as_bytes("t"));
  return writer;
}

TEST(ReadTensor, GivesBackWhatWasWritten) {
  for (const ElementTypeInfo& row : kElementTypes) {
    const OnnxTensor tensor = values(row.type, {5}, {1, 2, 0.5f, 4, 1});
    const auto read = read_tensor(write_tensor({"name", tensor}));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->name, "name");
    EXPECT_EQ(difference(read->tensor, tensor), "") << row.name;
  }
}

// onnx.proto on int32_data: which types lie there, and that 2- and 4-bit elements share an entry.
TEST(ReadTensor, TakesElementsOutOfInt32Data) {
  WireWriter int8 = tensor_message(ElementType::kInt8, 2);
  int8.varint_field(5, static_cast<uint64_t>(int64_t{-3}));  // one entry a field
  int8.varint_field(5, 7);
  EXPECT_THAT(read_numbers(int8), ElementsAre(-3, 7));
  WireWriter int4 = tensor_message(ElementType::kInt4, 3);
  int4.bytes_field(5, bytes({0xE1, 0x01, 0x07}));  // packed: 0xE1, 7
  EXPECT_THAT(read_numbers(int4), ElementsAre(1, -2, 7));
  WireWriter float16 = tensor_message(ElementType::kFloat16, 1);
  float16.varint_field(5, 0x3E00);
  EXPECT_THAT(read_numbers(float16), ElementsAre(1.5));
}

TEST(ReadTensor, TakesElementsOutOfFloatAndDoubleData) {
  WireWriter floats = tensor_message(ElementType::kFloat, 2);
  floats.bytes_field(4, bytes({0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0}));
  EXPECT_THAT(read_numbers(floats), ElementsAre(1, -2));
  WireWriter doubles = tensor_message(ElementType::kDouble, 1);
  doubles.bytes_field(10, bytes({0, 0, 0, 0, 0, 0, 0xF0, 0x3F}));
  EXPECT_THAT(read_numbers(doubles), ElementsAre(1));
}

TEST(ReadTensor, RefusesElementsThatDoNotFitTheTensor) {
  WireWriter few = tensor_message(ElementType::kFloat, 2);
  few.bytes_field(9, bytes({0, 0, 0, 0}));
  EXPECT_EQ(read_message(few), "tensor \"t\": float tensor of shape [2]: 4 bytes, expected 8");
  WireWriter elsewhere = tensor_message(ElementType::kFloat, 1);
  elsewhere.varint_field(5, 1);
  EXPECT_THAT(read_message(elsewhere), HasSubstr("not that of float"));
  WireWriter twice = tensor_message(ElementType::kInt8, 1);
  twice.varint_field(5, 1);
  twice.bytes_field(9, bytes({1}));
  EXPECT_THAT(read_message(twice), HasSubstr("both in raw_data"));
  WireWriter external = tensor_message(ElementType::kInt8, 1);
  external.varint_field(14, 1);
  EXPECT_THAT(read_message(external), HasSubstr("outside the file"));
  EXPECT_THAT(read_message(tensor_message(static_cast<ElementType>(8), 0)), HasSubstr("number 8"));
  EXPECT_THAT(read_message(tensor_message(ElementType::kInt8, UINT64_MAX)), HasSubstr("is -1"));
  EXPECT_THAT(read_message(tensor_message(ElementType::kDouble, INT64_MAX)),
              HasSubstr("too large"));
}

TEST(WireReader, RefusesDamagedBytes) {
  const auto first_field = [](std::vector<std::byte> message) {
    const auto field = WireReader(message).next();
    return field ? "no error" : field.error().message;
  };
  EXPECT_THAT(first_field(bytes({0x08})), HasSubstr("ends inside a number, at byte 1"));
  EXPECT_THAT(first_field(bytes({0x08, 0xFF})), HasSubstr("ends inside a number, at byte 2"));
  EXPECT_THAT(first_field(bytes({0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2})),
              HasSubstr("more than 64 bits"));
  EXPECT_THAT(first_field(bytes({0x0A, 0x05, 0x41})), HasSubstr("has 5 bytes, but 1 are left"));
  EXPECT_THAT(first_field(bytes({0x0D, 1, 2, 3})), HasSubstr("ends inside a number"));
  EXPECT_THAT(first_field(bytes({0x0B})), HasSubstr("wire type 3"));
  EXPECT_THAT(first_field(bytes({0x00, 0x00})), HasSubstr("field number 0"));
}

// A model like that of a node test: Cast with its attribute, a domain, an initializer.
std::vector<std::byte> small_model() {
  WireWriter attribute;
  attribute.bytes_field(1, as_bytes("to"));
  attribute.varint_field(3, 10);
  WireWriter node;
  node.bytes_field(1, as_bytes("x"));
  node.bytes_field(2, as_bytes("y"));
  node.bytes_field(4, as_bytes("Cast"));
  node.bytes_field(5, attribute.bytes());
  WireWriter input;
  input.bytes_field(1, as_bytes("x"));
  WireWriter output;
  output.bytes_field(1, as_bytes("y"));
  WireWriter graph;
  graph.bytes_field(1, node.bytes());
  graph.bytes_field(5, write_tensor({"w", codes(ElementType::kInt4, {3}, {1, 2, 3})}));
  graph.bytes_field(11, input.bytes());
  graph.bytes_field(12, output.bytes());
  WireWriter opset;
  opset.varint_field(2, 25);
  WireWriter model;
  model.varint_field(1, 11);
  model.bytes_field(7, graph.bytes());
  model.bytes_field(8, opset.bytes());
  return model.bytes();
}

TEST(ReadModel, FindsNodesAttributesAndTensors) {
  const auto model = read_model(small_model());
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->opset, 25);
  EXPECT_THAT(model->inputs, ElementsAre("x"));
  EXPECT_THAT(model->outputs, ElementsAre("y"));
  ASSERT_EQ(model->nodes.size(), 1u);
  EXPECT_EQ(model->nodes[0].op_type, "Cast");
  ASSERT_EQ(model->nodes[0].attributes.size(), 1u);
  EXPECT_EQ(model->nodes[0].attributes[0].i, 10);
  ASSERT_EQ(model->initializers.size(), 1u);
  EXPECT_THAT(numbers(model->initializers[0].tensor), ElementsAre(1, 2, 3));
}

// Every field of the model is needed, so that a file cut anywhere is an error.
TEST(ReadModel, RefusesAFileCutAnywhere) {
  const std::vector<std::byte> model = small_model();
  for (size_t size = 0; size < model.size(); ++size) {
    // A copy of just that size, so that the address sanitizer sees a read past its end.
    const std::vector<std::byte> cut(model.begin(),
                                     model.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(read_model(cut)) << size;
  }
}

TEST(ReadTensor, RefusesAFileCutAnywhere) {
  const std::vector<std::byte> tensor =
      write_tensor({"w", codes(ElementType::kUint8, {3}, {1, 2, 3})});
  for (size_t size = 0; size < tensor.size(); ++size) {
    const std::vector<std::byte> cut(tensor.begin(),
                                     tensor.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(read_tensor(cut)) << size;
  }
}

// No flipped bit makes the reader leave the file; the sanitizers watch. Most flips are errors, the
// others change a name or a number.
TEST(ReadModel, SurvivesEveryFlippedBit) {
  std::vector<std::byte> model = small_model();
  int errors = 0;
  for (size_t at = 0; at < model.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      model[at] ^= static_cast<std::byte>(1 << bit);
      const auto read = read_model(model);
      if (!read) {
        EXPECT_NE(read.error().message, "");
        ++errors;
      }
      model[at] ^= static_cast<std::byte>(1 << bit);
    }
  }
  EXPECT_GT(errors, 0);
}

}  // namespace
}  // namespace zp::conformance
