#include "zeropoint/graph/tensor.h"

#include <fmt/format.h>
#include <cstring>

#include "zeropoint/numerics/element_type.h"
#include "zeropoint/numerics/onnx_tensor.h"

namespace zp {

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

}  // namespace zp
