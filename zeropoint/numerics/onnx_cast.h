// ONNX's operator Cast (version 25) between the types of element_type.h: the reference.
#pragma once

#include "zeropoint/numerics/onnx_tensor.h"
#include "zeropoint/numerics/small_float.h"

namespace zp {

// A float outside the integer type's range, which ONNX leaves undefined. Infinities and NaN give 0
// when wrapping; when saturating infinities saturate and NaN gives 0.
enum class IntegerOverflow {
  kWrap,      // the low bits of the truncated value: the node tests of ONNX since opset 24
  kSaturate,  // the nearer end of the range: the node tests up to opset 23
};

// The defaults are those of the operator's attributes.
struct CastOptions {
  Overflow saturate = Overflow::kSaturate;  // fp8 forms and float8e8m0 only
  Rounding round_mode = Rounding::kUp;      // float8e8m0 only: kUp, kDown or kNearestUp ("nearest")
  IntegerOverflow integer_overflow = IntegerOverflow::kWrap;
};

// Every element of `input` as type `to`, rounded once from its exact value:
//
//   to float, double, float16, bfloat16   to nearest even; beyond the range infinity
//   to the fp8 forms, fp4, float8e8m0     encode() of small_float.h; fp4 always saturates
//   float to integer                      truncated towards zero
//   integer to integer                    the low bits, as two's complement
OnnxTensor cast(const OnnxTensor& input, ElementType to, const CastOptions& options = {});

// The code of one value, by the same rules. `value` comes from a float type.
uint64_t cast_value(double value, ElementType to, const CastOptions& options = {});

}  // namespace zp
