// float32 to codes, vectorized; equal to zp::quantize (numerics/quantize.h) bit for bit on every
// target.
#pragma once

#include <span>

#include "zeropoint/numerics/tensor_params.h"

namespace zp::kernels {

// One scale and zero point for all of x. Code is uint8_t, int8_t, uint16_t or int16_t and must
// hold params.type; codes of fewer than 8 bits lie one in a byte (pack4.h packs them). x and codes
// must not overlap.
//
// Errors: meaningless parameters, a type that does not fit Code, spans of unequal length.
template <class Code>
Status quantize(std::span<const float> x, std::span<Code> codes, const QuantParams& params,
                Convention convention = Convention::kOnnx);

// A tensor with parameters per tensor, per axis or per block. Also an error: spans whose length
// is not that of the layout.
template <class Code>
Status quantize(std::span<const float> x, std::span<Code> codes, const TensorParams& params,
                Convention convention = Convention::kOnnx);

}  // namespace zp::kernels
