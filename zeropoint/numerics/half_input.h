// float16 and bfloat16 input of quantize. Every such value is a float32, so it is widened, exactly,
// and then follows the rules of quantize.h: the division is float32's.
//
// This is ONNX's QuantizeLinear of a float16 or bfloat16 tensor with a float32 scale; with a scale
// of the tensor's own type the operator divides in that type (onnx_quantize_linear.h).
#pragma once

#include <cstdint>
#include <span>

#include "zeropoint/numerics/params.h"
#include "zeropoint/numerics/tensor_params.h"

namespace zp {

// The bits of one element as they lie in memory.
struct Float16 {
  uint16_t bits = 0;
};
struct Bfloat16 {
  uint16_t bits = 0;
};
static_assert(sizeof(Float16) == 2 && sizeof(Bfloat16) == 2);

// The same number; a NaN stays one.
float to_float(Float16 x);
float to_float(Bfloat16 x);

// zp::quantize of the widened values, with its errors.
Status quantize(std::span<const Float16> x, std::span<int32_t> codes, const QuantParams& params,
                Convention convention = Convention::kOnnx);
Status quantize(std::span<const Bfloat16> x, std::span<int32_t> codes, const QuantParams& params,
                Convention convention = Convention::kOnnx);
Status quantize(std::span<const Float16> x, std::span<int32_t> codes, const TensorParams& params,
                Convention convention = Convention::kOnnx);
Status quantize(std::span<const Bfloat16> x, std::span<int32_t> codes, const TensorParams& params,
                Convention convention = Convention::kOnnx);

}  // namespace zp
