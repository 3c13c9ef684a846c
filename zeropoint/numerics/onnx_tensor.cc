#include "zeropoint/numerics/onnx_tensor.h"

#include <fmt/format.h>

#include <bit>

#include "zeropoint/numerics/small_float.h"

namespace zp {
namespace {

// Written so that no product can overflow: at most 64 bits an element.
size_t packed_size(ElementType type, const Shape& shape) {
  const auto count = static_cast<size_t>(shape.element_count());
  const auto width = static_cast<size_t>(bits(type));
  return width >= 8 ? count * (width / 8) : count / (8 / width) + (count % (8 / width) != 0);
}

// The low `width` bits of a code as a two's complement number.
int64_t sign_extended(uint64_t code, int width) {
  return static_cast<int64_t>(code << (64 - width)) >> (64 - width);
}

}  // namespace

OnnxTensor::OnnxTensor(ElementType type, Shape shape)
    : type_(type), shape_(std::move(shape)), bytes_(packed_size(type_, shape_)) {}

Result<OnnxTensor> OnnxTensor::make(ElementType type, Shape shape, std::vector<std::byte> bytes) {
  if (static_cast<size_t>(shape.element_count()) > SIZE_MAX / 8) {
    return invalid_data(fmt::format("tensor of shape {}: too large for memory", shape.to_string()));
  }
  const size_t expected = packed_size(type, shape);
  if (bytes.size() != expected) {
    return invalid_data(fmt::format("{} tensor of shape {}: {} bytes, expected {}", name(type),
                                    shape.to_string(), bytes.size(), expected));
  }
  // Built by hand rather than through the other constructor: the shape is trusted only now.
  OnnxTensor tensor(type, Shape());
  tensor.shape_ = std::move(shape);
  tensor.bytes_ = std::move(bytes);
  const size_t used = static_cast<size_t>(tensor.size()) * static_cast<size_t>(zp::bits(type)) % 8;
  if (used != 0) {
    tensor.bytes_.back() &= static_cast<std::byte>((1u << used) - 1);
  }
  return tensor;
}

uint64_t OnnxTensor::bits(int64_t index) const {
  const auto width = static_cast<size_t>(zp::bits(type_));
  const size_t position = static_cast<size_t>(index) * width;
  if (width < 8) {
    const auto byte = std::to_integer<uint64_t>(bytes_[position / 8]);
    return byte >> (position % 8) & ((uint64_t{1} << width) - 1);
  }
  uint64_t code = 0;
  for (size_t i = 0; i < width / 8; ++i) {
    code |= std::to_integer<uint64_t>(bytes_[position / 8 + i]) << (8 * i);
  }
  return code;
}

void OnnxTensor::set_bits(int64_t index, uint64_t code) {
  const auto width = static_cast<size_t>(zp::bits(type_));
  const size_t position = static_cast<size_t>(index) * width;
  if (width < 8) {
    const auto mask = static_cast<std::byte>(((1u << width) - 1) << (position % 8));
    std::byte& byte = bytes_[position / 8];
    byte = (byte & ~mask) | (static_cast<std::byte>(code << (position % 8)) & mask);
    return;
  }
  for (size_t i = 0; i < width / 8; ++i) {
    bytes_[position / 8 + i] = static_cast<std::byte>(code >> (8 * i));
  }
}

double OnnxTensor::value(int64_t index) const {
  const uint64_t code = bits(index);
  if (type_ == ElementType::kDouble) return std::bit_cast<double>(code);
  if (type_ == ElementType::kFloat) {
    return double{std::bit_cast<float>(static_cast<uint32_t>(code))};
  }
  if (const auto format = small_float(type_)) {
    return double{decode(*format, static_cast<uint32_t>(code))};
  }
  const bool is_signed = int_type(type_)->is_signed();
  return static_cast<double>(is_signed ? sign_extended(code, zp::bits(type_))
                                       : static_cast<int64_t>(code));
}

Result<OnnxTensor> tensor_of_codes(ElementType type, Shape shape, std::span<const int32_t> codes) {
  ZP_RETURN_IF_ERROR(check_element_count(shape, codes.size()));
  OnnxTensor tensor(type, std::move(shape));
  for (size_t i = 0; i < codes.size(); ++i) {
    tensor.set_bits(static_cast<int64_t>(i), static_cast<uint32_t>(codes[i]));
  }
  return tensor;
}

Result<OnnxTensor> tensor_of_floats(Shape shape, std::span<const float> values) {
  ZP_RETURN_IF_ERROR(check_element_count(shape, values.size()));
  OnnxTensor tensor(ElementType::kFloat, std::move(shape));
  for (size_t i = 0; i < values.size(); ++i) {
    tensor.set_bits(static_cast<int64_t>(i), std::bit_cast<uint32_t>(values[i]));
  }
  return tensor;
}

}  // namespace zp
