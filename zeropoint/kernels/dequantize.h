// Codes back to float32, vectorized; equal to zp::dequantize (numerics/quantize.h) bit for bit on
// every target.
#pragma once

#include <span>

#include "zeropoint/numerics/tensor_params.h"

namespace zp::kernels {

// Code is uint8_t, int8_t, uint16_t, int16_t, or int32_t for biases, and must hold params.type.
// Every value of Code is taken as it stands: a code outside params.type's range gives the real
// number that it would stand for. codes and x must not overlap.
//
// Errors: meaningless parameters, a type that does not fit Code, spans of unequal length; an
// int32 zero point other than 0.
template <class Code>
Status dequantize(std::span<const Code> codes, std::span<float> x, const QuantParams& params);

// A tensor with parameters per tensor, per axis or per block. Also an error: spans whose length
// is not that of the layout.
template <class Code>
Status dequantize(std::span<const Code> codes, std::span<float> x, const TensorParams& params);

}  // namespace zp::kernels
