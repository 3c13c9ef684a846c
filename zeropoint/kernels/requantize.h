// int32 accumulators to codes, vectorized; equal to zp::requantize (numerics/requantize.h) bit for
// bit on every target.
#pragma once

#include <span>

#include "zeropoint/numerics/layout.h"
#include "zeropoint/numerics/requantize.h"

namespace zp::kernels {

// One multiplier for all accumulators. Code is uint8_t, int8_t, uint16_t or int16_t and must hold
// the requantizer's codes. accumulators and codes must not overlap.
//
// Errors: codes that do not fit Code, spans of unequal length.
template <class Code>
Status requantize(std::span<const int32_t> accumulators, std::span<Code> codes,
                  const Requantizer& requantizer);

// One requantizer for each parameter index of the layout, as a convolution with per-channel
// weights needs. Also an error: a number of requantizers or a length of the spans that is not the
// layout's; requantizers of different rules.
template <class Code>
Status requantize(std::span<const int32_t> accumulators, std::span<Code> codes,
                  const Layout& layout, std::span<const Requantizer> requantizers);

}  // namespace zp::kernels
