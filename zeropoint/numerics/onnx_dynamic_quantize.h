// ONNX's operator DynamicQuantizeLinear (version 11): the reference.
#pragma once

#include "zeropoint/numerics/onnx_tensor.h"

namespace zp {

struct DynamicQuantized {
  OnnxTensor y;           // uint8, the shape of x
  OnnxTensor scale;       // float, a scalar
  OnnxTensor zero_point;  // uint8, a scalar
};

// Parameters from the data's own range, in float32 throughout, and the data quantized with them:
//
//   min = min(0, smallest x), max = max(0, largest x)
//   scale = (max - min) / 255
//   zero_point = RNE(saturate(0 - min / scale))
//   y = quantize(x) of quantize.h
//
// (choose_params of params.h, the rule for offline quantization, computes in double instead.)
// Data that is all 0, or so small that the scale would round to 0, gets scale 1, as in ONNX
// Runtime; the operator's text does not cover it.
//
// Errors: x is not float; x has no element; x holds NaN or infinity; max - min overflows.
Result<DynamicQuantized> dynamic_quantize_linear(const OnnxTensor& x);

}  // namespace zp
