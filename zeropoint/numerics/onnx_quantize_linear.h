// ONNX's operator QuantizeLinear (version 25): the reference.
#pragma once

#include <optional>

#include "zeropoint/numerics/onnx_tensor.h"
#include "zeropoint/numerics/small_float.h"

namespace zp {

// The attributes of the operator, with its defaults.
struct QuantizeLinearOptions {
  int64_t axis = 1;
  int64_t block_size = 0;                   // 0: not blocked
  Overflow saturate = Overflow::kSaturate;  // fp8 forms only; integers and fp4 always saturate
  // Of the division; absent: that of the scale.
  std::optional<ElementType> precision = std::nullopt;
  // Absent: that of the zero point, else uint8.
  std::optional<ElementType> output_dtype = std::nullopt;
};

// y = saturate(RNE(x / scale) + zero_point), or for fp8 and fp4 the nearest code of x / scale.
//
//   x           float, float16, bfloat16, int32; any shape
//   scale       float, float16, bfloat16, int32, float8e8m0; the shape says per tensor, per axis
//               or per block (onnx_quant_inputs.h)
//   zero_point  null or a tensor of y's type and of scale's shape; 0 for fp8 and fp4
//   y           int and uint of 2, 4, 8, 16 bits, the fp8 forms, fp4; the shape of x
//
// The division has the precision of the attribute, else of the scale's type: x and the scale are
// rounded to it, and so is the quotient. Two scale types cannot be a precision: float8e8m0, powers
// of two, divides in float; int32 divides in double, where its ties are exact.
// A float32 division into integers is quantize() of quantize.h, and the other precisions use it for
// the step after the division: NaN gives the lowest code, infinities saturate. Of the float types
// only fp4 adds its zero point, which turns -0 into 0: so the node tests have it.
//
// Errors: those of check_quant_inputs; a type listed nowhere above; output_dtype other than the
// zero point's type; a scale that is 0 or infinite once rounded to the precision.
Result<OnnxTensor> quantize_linear(const OnnxTensor& x, const OnnxTensor& scale,
                                   const OnnxTensor* zero_point,
                                   const QuantizeLinearOptions& options = {});

}  // namespace zp
