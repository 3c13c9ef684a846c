// A dense tensor of any ElementType: what the reference operators of onnx_*.h take and give.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/tensor_view.h"
#include "zeropoint/numerics/element_type.h"

namespace zp {

// Elements lie row-major and little-endian, as in TensorProto.raw_data. Those of 2 and 4 bits are
// packed without gaps, the first in the lowest bits of the first byte; bits after the last are 0.
class OnnxTensor {
 public:
  // All elements zero bits: 0, or 2^-127 for float8e8m0.
  OnnxTensor(ElementType type, Shape shape);
  // An error unless `bytes` has exactly the size of the shape's elements.
  static Result<OnnxTensor> make(ElementType type, Shape shape, std::vector<std::byte> bytes);

  ElementType type() const { return type_; }
  const Shape& shape() const { return shape_; }
  int64_t size() const { return shape_.element_count(); }
  std::span<const std::byte> bytes() const { return bytes_; }

  // The code of element `index`, in the low bits.
  uint64_t bits(int64_t index) const;
  // Bits of `code` above the type's are ignored.
  void set_bits(int64_t index, uint64_t code);

  // Element `index` as a number, exactly; a NaN keeps its sign.
  double value(int64_t index) const;

 private:
  ElementType type_;
  Shape shape_;
  std::vector<std::byte> bytes_;
};

// A tensor of `type` from 32-bit codes or values, whose low bits are taken (tests, scalars).
Result<OnnxTensor> tensor_of_codes(ElementType type, Shape shape, std::span<const int32_t> codes);
// A float tensor.
Result<OnnxTensor> tensor_of_floats(Shape shape, std::span<const float> values);

}  // namespace zp
