// What a quantized network sees in place of x, vectorized; equal to zp::fake_quantize
// (numerics/quantize.h) bit for bit on every target.
#pragma once

#include <span>

#include "zeropoint/numerics/tensor_params.h"

namespace zp::kernels {

// x and y may be the same span, but not overlap otherwise. Errors: meaningless parameters, a type
// of more than 16 bits, spans of unequal length.
Status fake_quantize(std::span<const float> x, std::span<float> y, const QuantParams& params,
                     Convention convention = Convention::kOnnx);

// A tensor with parameters per tensor, per axis or per block. Also an error: spans whose length
// is not that of the layout.
Status fake_quantize(std::span<const float> x, std::span<float> y, const TensorParams& params,
                     Convention convention = Convention::kOnnx);

}  // namespace zp::kernels
