#include "zeropoint/graph/tensor.h"

#include <fmt/format.h>
#include <cstring>

#include "zeropoint/numerics/element_type.h"
#include "zeropoint/numerics/onnx_tensor.h"

namespace zp {
namespace {

template <class T>
std::vector<int32_t> widened(const Tensor& tensor) {
  const auto elements = tensor.as<T>();
  return {elements.begin(), elements.end()};
}

// Elements of 2 or 4 bits, the first in the lowest bits of a byte.
std::vector<int32_t> unpacked(const Tensor& tensor, Signedness signedness) {
  const int width = bits(tensor.type());
  const int32_t codes = 1 << width;
  const auto per_byte = static_cast<size_t>(8 / width);
  std::vector<int32_t> elements(static_cast<size_t>(tensor.size()));
  for (size_t i = 0; i < elements.size(); ++i) {
    const auto byte = std::to_integer<int32_t>(tensor.bytes()[i / per_byte]);
    const int32_t code = (byte >> (static_cast<int>(i % per_byte) * width)) & (codes - 1);
    const bool negative = signedness == Signedness::kSigned && code >= codes / 2;
    elements[i] = negative ? code - codes : code;
  }
  return elements;
}

}  // namespace

Result<size_t> byte_size(DataType type, const Shape& shape) {
  const int width = bits(type);
  if (width == 0) {
    return invalid_data(fmt::format("elements of type {} have no fixed size", name(type)));
  }
  const auto count = static_cast<uint64_t>(shape.element_count());
  if (count > UINT64_MAX / 128) {
    return invalid_data(fmt::format("shape {} of type {}: more bytes than can be addressed",
                                    shape.to_string(), name(type)));
  }
  return static_cast<size_t>((count * static_cast<uint64_t>(width) + 7) / 8);
}

Result<Tensor> Tensor::make(DataType type, Shape shape, std::vector<std::byte> bytes) {
  ZP_ASSIGN_OR_RETURN(const size_t expected, byte_size(type, shape));
  if (bytes.size() != expected) {
    return invalid_data(fmt::format("a {} tensor of shape {} takes {} bytes, got {}", name(type),
                                    shape.to_string(), expected, bytes.size()));
  }
  return Tensor(type, std::move(shape), std::move(bytes));
}

Result<Tensor> Tensor::zeros(DataType type, Shape shape) {
  ZP_ASSIGN_OR_RETURN(const size_t size, byte_size(type, shape));
  return Tensor(type, std::move(shape), std::vector<std::byte>(size));
}

Result<std::vector<float>> to_floats(const Tensor& tensor) {
  std::vector<float> floats(static_cast<size_t>(tensor.size()));
  switch (tensor.type()) {
    case DataType::kFloat:
      std::memcpy(floats.data(), tensor.bytes().data(), tensor.bytes().size());
      return floats;
    case DataType::kDouble: {
      const auto values = tensor.as<double>();
      for (size_t i = 0; i < floats.size(); ++i) floats[i] = static_cast<float>(values[i]);
      return floats;
    }
    case DataType::kFloat16:
    case DataType::kBfloat16: {
      ZP_ASSIGN_OR_RETURN(const ElementType type,
                          element_type(static_cast<int64_t>(tensor.type())));
      ZP_ASSIGN_OR_RETURN(
          const OnnxTensor small,
          OnnxTensor::make(type, tensor.shape(), {tensor.bytes().begin(), tensor.bytes().end()}));
      for (size_t i = 0; i < floats.size(); ++i) {
        floats[i] = static_cast<float>(small.value(static_cast<int64_t>(i)));
      }
      return floats;
    }
    default:
      return invalid_data(
          fmt::format("a tensor of type {} has no float elements", name(tensor.type())));
  }
}

Result<std::vector<int32_t>> to_integers(const Tensor& tensor) {
  switch (tensor.type()) {
    case DataType::kInt8:
      return widened<int8_t>(tensor);
    case DataType::kUint8:
      return widened<uint8_t>(tensor);
    case DataType::kInt16:
      return widened<int16_t>(tensor);
    case DataType::kUint16:
      return widened<uint16_t>(tensor);
    case DataType::kInt32:
      return widened<int32_t>(tensor);
    case DataType::kInt2:
    case DataType::kInt4:
      return unpacked(tensor, Signedness::kSigned);
    case DataType::kUint2:
    case DataType::kUint4:
      return unpacked(tensor, Signedness::kUnsigned);
    default:
      return invalid_data(
          fmt::format("expected integers of at most 32 bits, got {}", name(tensor.type())));
  }
}

}  // namespace zp
