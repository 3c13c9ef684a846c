// Short ways to write tensors in tests.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "zeropoint/numerics/onnx_cast.h"
#include "zeropoint/numerics/onnx_tensor.h"

namespace zp {

inline Shape shape(std::vector<int64_t> dims) { return Shape::make(std::move(dims)).value(); }

// Float values as `type`, each exactly representable there unless rounding is wanted.
inline OnnxTensor values(ElementType type, std::vector<int64_t> dims, std::vector<float> numbers) {
  return cast(tensor_of_floats(shape(std::move(dims)), numbers).value(), type);
}
inline OnnxTensor floats(std::vector<int64_t> dims, std::vector<float> numbers) {
  return values(ElementType::kFloat, std::move(dims), std::move(numbers));
}
inline OnnxTensor codes(ElementType type, std::vector<int64_t> dims, std::vector<int32_t> numbers) {
  return tensor_of_codes(type, shape(std::move(dims)), numbers).value();
}
inline OnnxTensor scalar(float number, ElementType type = ElementType::kFloat) {
  return values(type, {}, {number});
}

// The elements as numbers.
inline std::vector<double> numbers(const OnnxTensor& tensor) {
  std::vector<double> all;
  for (int64_t i = 0; i < tensor.size(); ++i) all.push_back(tensor.value(i));
  return all;
}
inline std::vector<double> numbers(const Result<OnnxTensor>& tensor) {
  if (!tensor) {
    ADD_FAILURE() << tensor.error().message;
    return {};
  }
  return numbers(*tensor);
}

// The message of an error that must have come.
template <class T>
std::string message(const Result<T>& result) {
  return result ? "no error" : result.error().message;
}

}  // namespace zp
