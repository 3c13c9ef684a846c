#include "zeropoint/graph/tensor_proto.h"

#include <gmock/gmock.h>

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

onnx::TensorProto tensor_of(onnx::TensorProto::DataType type, std::initializer_list<int64_t> dims) {
  onnx::TensorProto tensor;
  tensor.set_name("t");
  tensor.set_data_type(type);
  for (const int64_t dim : dims) tensor.add_dims(dim);
  return tensor;
}

std::vector<int> bytes_of(const onnx::TensorProto& tensor) {
  EXPECT_TRUE(check_data(tensor));
  const auto value = tensor_in_message(tensor);
  EXPECT_TRUE(value) << value.error().message;
  std::vector<int> bytes;
  if (!value) return bytes;
  for (const std::byte byte : value->bytes()) bytes.push_back(static_cast<int>(byte));
  return bytes;
}

// onnx.proto says which field holds which type.
TEST(TensorInMessage, EachTypeIsReadFromItsField) {
  auto floats = tensor_of(onnx::TensorProto::FLOAT, {1});
  floats.add_float_data(1.0F);  // 0x3f800000
  EXPECT_THAT(bytes_of(floats), ElementsAre(0, 0, 0x80, 0x3f));

  auto complex = tensor_of(onnx::TensorProto::COMPLEX64, {1});
  complex.add_float_data(0.0F);
  complex.add_float_data(1.0F);
  EXPECT_THAT(bytes_of(complex), ElementsAre(0, 0, 0, 0, 0, 0, 0x80, 0x3f));

  auto doubles = tensor_of(onnx::TensorProto::DOUBLE, {1});
  doubles.add_double_data(1.0);  // 0x3ff0000000000000
  EXPECT_THAT(bytes_of(doubles), ElementsAre(0, 0, 0, 0, 0, 0, 0xf0, 0x3f));

  for (const auto type : {onnx::TensorProto::INT8, onnx::TensorProto::UINT8,
                          onnx::TensorProto::BOOL, onnx::TensorProto::FLOAT8E4M3FN}) {
    auto narrow = tensor_of(type, {2});
    narrow.add_int32_data(1);
    narrow.add_int32_data(type == onnx::TensorProto::INT8 ? -1 : 255);
    EXPECT_THAT(bytes_of(narrow), ElementsAre(1, 255));
  }
  for (const auto type : {onnx::TensorProto::INT16, onnx::TensorProto::UINT16,
                          onnx::TensorProto::FLOAT16, onnx::TensorProto::BFLOAT16}) {
    auto middle = tensor_of(type, {1});
    middle.add_int32_data(0x1234);
    EXPECT_THAT(bytes_of(middle), ElementsAre(0x34, 0x12));
  }
  auto ints = tensor_of(onnx::TensorProto::INT32, {1});
  ints.add_int32_data(-2);
  EXPECT_THAT(bytes_of(ints), ElementsAre(0xfe, 0xff, 0xff, 0xff));
  auto longs = tensor_of(onnx::TensorProto::INT64, {1});
  longs.add_int64_data(-2);
  EXPECT_THAT(bytes_of(longs), ElementsAre(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
  auto unsigned_ints = tensor_of(onnx::TensorProto::UINT32, {1});
  unsigned_ints.add_uint64_data(0x80000001);
  EXPECT_THAT(bytes_of(unsigned_ints), ElementsAre(1, 0, 0, 0x80));
  auto unsigned_longs = tensor_of(onnx::TensorProto::UINT64, {1});
  unsigned_longs.add_uint64_data(1);
  EXPECT_THAT(bytes_of(unsigned_longs), ElementsAre(1, 0, 0, 0, 0, 0, 0, 0));
  // Packed two to an element of the field, the first in the low bits.
  auto nibbles = tensor_of(onnx::TensorProto::UINT4, {3});
  nibbles.add_int32_data(0x21);
  nibbles.add_int32_data(0x03);
  EXPECT_THAT(bytes_of(nibbles), ElementsAre(0x21, 0x03));
}

TEST(TensorInMessage, RawDataIsTakenAsItIs) {
  auto tensor = tensor_of(onnx::TensorProto::INT16, {2});
  tensor.set_raw_data("\x01\x02\x03\x04");
  EXPECT_THAT(bytes_of(tensor), ElementsAre(1, 2, 3, 4));
  auto empty = tensor_of(onnx::TensorProto::FLOAT, {0, 3});
  EXPECT_THAT(bytes_of(empty), ElementsAre());
}

TEST(TensorInMessage, DataThatDoesNotFitTheShapeIsRefused) {
  for (const size_t size : {0, 7, 9, 16}) {
    auto raw = tensor_of(onnx::TensorProto::FLOAT, {2});
    raw.set_raw_data(std::string(size, 'x'));
    EXPECT_THAT(check_data(raw).error().message,
                HasSubstr("tensor \"t\": a float tensor of shape [2] takes 8 bytes, it has"));
    EXPECT_FALSE(tensor_in_message(raw));
  }
  auto typed = tensor_of(onnx::TensorProto::INT64, {2});
  typed.add_int64_data(1);
  EXPECT_FALSE(check_data(typed));
  EXPECT_FALSE(tensor_in_message(typed));
  // In the field of another type.
  auto foreign = tensor_of(onnx::TensorProto::FLOAT, {1});
  foreign.add_int32_data(1);
  EXPECT_FALSE(check_data(foreign));
}

TEST(TensorInMessage, ShapesBeyondAllMemoryAreRefusedWithoutTryingIt) {
  for (const auto& dims : {std::vector<int64_t>{INT64_MAX},
                           {INT64_MAX / 16 + 1},
                           {int64_t{1} << 32, int64_t{1} << 32},
                           {-1},
                           {INT64_MIN, INT64_MIN}}) {
    auto tensor = tensor_of(onnx::TensorProto::COMPLEX128, {});
    for (const int64_t dim : dims) tensor.add_dims(dim);
    tensor.set_raw_data("few");
    EXPECT_THAT(check_data(tensor).error().message, HasSubstr("tensor \"t\""));
    EXPECT_FALSE(tensor_in_message(tensor));
  }
}

TEST(TensorInMessage, UnknownTypesAndStringsAreNamed) {
  auto unknown = tensor_of(onnx::TensorProto::FLOAT, {1});
  unknown.set_data_type(99);
  EXPECT_THAT(tensor_in_message(unknown).error().message,
              HasSubstr("tensor \"t\": unknown element type 99"));
  auto text = tensor_of(onnx::TensorProto::STRING, {2});
  text.add_string_data("a");
  EXPECT_FALSE(check_data(text));
  text.add_string_data("b");
  EXPECT_TRUE(check_data(text));
  EXPECT_FALSE(tensor_in_message(text));
}

TEST(PutInMessage, ReplacesWhateverHeldTheData) {
  auto tensor = tensor_of(onnx::TensorProto::FLOAT, {1});
  tensor.add_float_data(1);
  tensor.set_doc_string("kept");
  const std::vector<int8_t> codes{1, 2};
  put_in_message(tensor, Tensor::of<int8_t>(Shape::make({2, 1}).value(), codes).value());
  EXPECT_EQ(tensor.float_data_size(), 0);
  EXPECT_EQ(tensor.name(), "t");
  EXPECT_EQ(tensor.doc_string(), "kept");
  EXPECT_EQ(tensor.data_type(), onnx::TensorProto::INT8);
  EXPECT_THAT(bytes_of(tensor), ElementsAre(1, 2));
}

}  // namespace
}  // namespace zp
