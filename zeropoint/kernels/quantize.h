// float32 to codes, vectorized; equal to zp::quantize (numerics/quantize.h) bit for bit on every
// target. Codes of fewer than 8 bits are stored one a byte (pack4.h packs them).
#pragma once

#include <cstdint>
#include <span>

#include "zeropoint/numerics/params.h"

namespace zp::kernels {

// One scale and zero point for all of x. params.type must be a type that Code holds: up to 8 or
// 16 bits of the same signedness. Errors: meaningless parameters, a type that does not fit Code,
// spans of unequal length. x and codes must not overlap.
Status quantize(std::span<const float> x, std::span<uint8_t> codes, const QuantParams& params,
                Convention convention = Convention::kOnnx);
Status quantize(std::span<const float> x, std::span<int8_t> codes, const QuantParams& params,
                Convention convention = Convention::kOnnx);
Status quantize(std::span<const float> x, std::span<uint16_t> codes, const QuantParams& params,
                Convention convention = Convention::kOnnx);
Status quantize(std::span<const float> x, std::span<int16_t> codes, const QuantParams& params,
                Convention convention = Convention::kOnnx);

}  // namespace zp::kernels
