// A dense tensor that owns its elements: samples, weights, what an engine hands out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/tensor_view.h"
#include "zeropoint/graph/data_type.h"

namespace zp {

template <class T>
constexpr DataType data_type_of() {
  if constexpr (std::is_same_v<T, float>) return DataType::kFloat;
  if constexpr (std::is_same_v<T, double>) return DataType::kDouble;
  if constexpr (std::is_same_v<T, uint8_t>) return DataType::kUint8;
  if constexpr (std::is_same_v<T, int8_t>) return DataType::kInt8;
  if constexpr (std::is_same_v<T, uint16_t>) return DataType::kUint16;
  if constexpr (std::is_same_v<T, int16_t>) return DataType::kInt16;
  if constexpr (std::is_same_v<T, uint32_t>) return DataType::kUint32;
  if constexpr (std::is_same_v<T, int32_t>) return DataType::kInt32;
  if constexpr (std::is_same_v<T, uint64_t>) return DataType::kUint64;
  if constexpr (std::is_same_v<T, int64_t>) return DataType::kInt64;
  if constexpr (std::is_same_v<T, bool>) return DataType::kBool;
  return DataType::kUndefined;
}

// Bytes that `shape` takes: row-major, little-endian; elements of 2 and 4 bits packed without gaps,
// the first in the lowest bits, as in TensorProto.raw_data. An error for strings and kUndefined.
Result<size_t> byte_size(DataType type, const Shape& shape);

class Tensor {
 public:
  // An empty tensor of undefined type: a placeholder.
  Tensor() : shape_(Shape::make({0}).value()) {}
  // An error unless `bytes` has exactly byte_size(type, shape).
  static Result<Tensor> make(DataType type, Shape shape, std::vector<std::byte> bytes);
  // All elements 0.
  static Result<Tensor> zeros(DataType type, Shape shape);
  template <class T>
  static Result<Tensor> of(const Shape& shape, std::span<const T> elements) {
    const auto bytes = std::as_bytes(elements);
    return make(data_type_of<T>(), shape, {bytes.begin(), bytes.end()});
  }

  // The same bytes as elements of another type and shape; an error where those take more or less.
  Result<Tensor> viewed_as(DataType type, Shape shape) && {
    return make(type, std::move(shape), std::move(bytes_));
  }

  DataType type() const { return type_; }
  const Shape& shape() const { return shape_; }
  int64_t size() const { return shape_.element_count(); }
  std::span<const std::byte> bytes() const { return bytes_; }
  std::span<std::byte> bytes() { return bytes_; }

  // The elements. Requires type() == data_type_of<T>().
  template <class T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(bytes_.data()), bytes_.size() / sizeof(T)};
  }
  template <class T>
  std::span<T> as() {
    return {reinterpret_cast<T*>(bytes_.data()), bytes_.size() / sizeof(T)};
  }

 private:
  Tensor(DataType type, Shape shape, std::vector<std::byte> bytes)
      : type_(type), shape_(std::move(shape)), bytes_(std::move(bytes)) {}

  DataType type_ = DataType::kUndefined;
  Shape shape_;
  std::vector<std::byte> bytes_;
};

// An input of a model, or a value of that name.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

// The elements of a float, float16, bfloat16 or double tensor as float32 (a double is rounded).
// Another type is an error.
Result<std::vector<float>> to_floats(const Tensor& tensor);

// The elements of an integer tensor of at most 32 bits, packed ones too. Another type is an error.
Result<std::vector<int32_t>> to_integers(const Tensor& tensor);

}  // namespace zp
