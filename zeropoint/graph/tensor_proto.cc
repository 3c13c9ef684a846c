#include "zeropoint/graph/tensor_proto.h"

#include <fmt/format.h>
#include <cstring>

namespace zp {
namespace {

// Appends the low bytes of each element of a repeated field.
template <class Stored>
std::vector<std::byte> narrowed(const auto& field) {
  std::vector<std::byte> bytes(static_cast<size_t>(field.size()) * sizeof(Stored));
  size_t at = 0;
  for (const auto element : field) {
    const auto stored = static_cast<Stored>(element);
    std::memcpy(bytes.data() + at, &stored, sizeof stored);
    at += sizeof stored;
  }
  return bytes;
}

Result<DataType> type_of(const onnx::TensorProto& tensor) {
  if (is_known_data_type(tensor.data_type())) return static_cast<DataType>(tensor.data_type());
  return invalid_data(
      fmt::format("{}: unknown element type {}", describe(tensor), tensor.data_type()));
}

// The typed field's elements as raw_data would hold them (onnx.proto's comments at int32_data and
// its neighbours say which types share a field, and that 2 and 4 bit codes are packed there too).
Result<std::vector<std::byte>> typed_field(const onnx::TensorProto& t, DataType type) {
  switch (type) {
    case DataType::kFloat:
    case DataType::kComplex64:
      return narrowed<float>(t.float_data());
    case DataType::kDouble:
    case DataType::kComplex128:
      return narrowed<double>(t.double_data());
    case DataType::kInt64:
      return narrowed<int64_t>(t.int64_data());
    case DataType::kUint64:
      return narrowed<uint64_t>(t.uint64_data());
    case DataType::kUint32:
      return narrowed<uint32_t>(t.uint64_data());
    case DataType::kInt32:
      return narrowed<int32_t>(t.int32_data());
    case DataType::kInt16:
    case DataType::kUint16:
    case DataType::kFloat16:
    case DataType::kBfloat16:
      return narrowed<uint16_t>(t.int32_data());
    default:
      return narrowed<uint8_t>(t.int32_data());
  }
}

// Bytes that typed_field would give.
size_t typed_size(const onnx::TensorProto& t, DataType type) {
  const auto bytes = [](int elements, size_t size) { return static_cast<size_t>(elements) * size; };
  switch (type) {
    case DataType::kFloat:
    case DataType::kComplex64:
      return bytes(t.float_data_size(), 4);
    case DataType::kDouble:
    case DataType::kComplex128:
      return bytes(t.double_data_size(), 8);
    case DataType::kInt64:
      return bytes(t.int64_data_size(), 8);
    case DataType::kUint64:
      return bytes(t.uint64_data_size(), 8);
    case DataType::kUint32:
      return bytes(t.uint64_data_size(), 4);
    case DataType::kInt32:
      return bytes(t.int32_data_size(), 4);
    case DataType::kInt16:
    case DataType::kUint16:
    case DataType::kFloat16:
    case DataType::kBfloat16:
      return bytes(t.int32_data_size(), 2);
    default:
      return bytes(t.int32_data_size(), 1);
  }
}

}  // namespace

std::string describe(const onnx::TensorProto& tensor) {
  return fmt::format("tensor \"{}\"", tensor.name());
}

Result<Shape> shape_of(const onnx::TensorProto& tensor) {
  auto shape = Shape::make({tensor.dims().begin(), tensor.dims().end()});
  if (!shape) return tl::unexpected<Error>(std::move(shape).error().at(describe(tensor)));
  return shape;
}

Status check_data(const onnx::TensorProto& tensor) {
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) return {};
  ZP_ASSIGN_OR_RETURN(const DataType type, type_of(tensor));
  ZP_ASSIGN_OR_RETURN(const Shape shape, shape_of(tensor));
  if (type == DataType::kString) {
    if (tensor.string_data_size() == shape.element_count()) return {};
    return invalid_data(fmt::format("{}: shape {} of strings, but {} strings", describe(tensor),
                                    shape.to_string(), tensor.string_data_size()));
  }
  const size_t held = tensor.has_raw_data() ? tensor.raw_data().size() : typed_size(tensor, type);
  const auto expected = byte_size(type, shape);
  if (!expected) return tl::unexpected<Error>(Error(expected.error()).at(describe(tensor)));
  if (held == *expected) return {};
  return invalid_data(fmt::format("{}: a {} tensor of shape {} takes {} bytes, it has {}",
                                  describe(tensor), name(type), shape.to_string(), *expected,
                                  held));
}

Result<Tensor> tensor_in_message(const onnx::TensorProto& tensor) {
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
    return invalid_data(describe(tensor) + ": its data lies outside of the message");
  }
  ZP_ASSIGN_OR_RETURN(const DataType type, type_of(tensor));
  ZP_ASSIGN_OR_RETURN(Shape shape, shape_of(tensor));
  std::vector<std::byte> bytes;
  if (tensor.has_raw_data()) {
    const auto raw = std::as_bytes(std::span(tensor.raw_data()));
    bytes.assign(raw.begin(), raw.end());
  } else if (bits(type) != 0) {
    ZP_ASSIGN_OR_RETURN(bytes, typed_field(tensor, type));
  }
  auto value = Tensor::make(type, std::move(shape), std::move(bytes));
  if (!value) return tl::unexpected<Error>(std::move(value).error().at(describe(tensor)));
  return value;
}

void clear_data(onnx::TensorProto& tensor) {
  tensor.clear_segment();
  tensor.clear_raw_data();
  tensor.clear_float_data();
  tensor.clear_double_data();
  tensor.clear_int32_data();
  tensor.clear_int64_data();
  tensor.clear_uint64_data();
  tensor.clear_string_data();
  tensor.clear_external_data();
  tensor.clear_data_location();
}

void put_description(onnx::TensorProto& tensor, const Tensor& value) {
  tensor.clear_dims();
  for (const int64_t dim : value.shape().dims()) tensor.add_dims(dim);
  tensor.set_data_type(static_cast<int32_t>(value.type()));
  clear_data(tensor);
}

void put_in_message(onnx::TensorProto& tensor, const Tensor& value) {
  put_description(tensor, value);
  tensor.set_raw_data(value.bytes().data(), value.bytes().size());
}

}  // namespace zp
