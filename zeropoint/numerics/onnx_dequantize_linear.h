// ONNX's operator DequantizeLinear (version 25): the reference.
#pragma once

#include <optional>

#include "zeropoint/numerics/onnx_tensor.h"

namespace zp {

// The attributes of the operator, with its defaults.
struct DequantizeLinearOptions {
  int64_t axis = 1;
  int64_t block_size = 0;  // 0: not blocked
  // Absent: that of the scale.
  std::optional<ElementType> output_dtype = std::nullopt;
};

// y = (x - zero_point) * scale.
//
//   x           int and uint of 2, 4, 8, 16 bits, int32, the fp8 forms, fp4; any shape
//   scale       float, float16, bfloat16, float8e8m0 (which needs output_dtype); the shape says per
//               tensor, per axis or per block (onnx_quant_inputs.h)
//   zero_point  null or a tensor of x's type and of scale's shape; 0 for int32, fp8 and fp4
//   y           float, float16, bfloat16; the shape of x
//
// The difference is exact; the product is a float32 one (dequantize() of quantize.h), rounded once
// more where y is narrower. ONNX asks for a product in the precision of y without saying how a
// difference that y cannot hold enters it; this is what ONNX's and ONNX Runtime's kernels do.
//
// Errors: those of check_quant_inputs; a type listed nowhere above.
Result<OnnxTensor> dequantize_linear(const OnnxTensor& x, const OnnxTensor& scale,
                                     const OnnxTensor* zero_point,
                                     const DequantizeLinearOptions& options = {});

}  // namespace zp
