// The inputs scale and zero_point that QuantizeLinear and DequantizeLinear share, checked and
// brought into one form.
#pragma once

#include <vector>

#include "zeropoint/numerics/layout.h"
#include "zeropoint/numerics/onnx_tensor.h"

namespace zp {

struct QuantInputs {
  Layout layout;                     // of the data; its params_index is an index into these:
  std::vector<double> scales;        // each positive and finite
  std::vector<int32_t> zero_points;  // codes of the quantized type; 0 where there is no input
};

struct QuantInputsRequest {
  const Shape& data;      // the shape of x
  ElementType quantized;  // the type the zero point must have
  const OnnxTensor& scale;
  const OnnxTensor* zero_point;  // null: absent
  int64_t axis;                  // looked at only per axis and per block
  int64_t block_size;            // 0: not blocked
};

// The granularity follows from the shape of scale: a scalar or [1] is per tensor, one dimension is
// per axis, and with a block_size the shape must be the data's with the axis divided by it.
//
// Errors: a scale of another shape; an axis out of range; a block size that does not divide the
// axis; a scale that is not positive and finite; a zero point whose type or shape is not that of
// the quantized tensor or scale; a zero point other than 0 for a float type or for int32.
Result<QuantInputs> check_quant_inputs(const QuantInputsRequest& request);

// An error naming the operator's input or attribute unless `type` is one of `allowed`.
Status check_type(std::string_view what, ElementType type, std::span<const ElementType> allowed);

// The quantized types of QuantizeLinear.
std::span<const ElementType> quantized_types();

}  // namespace zp
