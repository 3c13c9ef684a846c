// Activation functions on codes, and when a quantizer makes them redundant.
#pragma once

#include <algorithm>
#include <cstdint>

#include "zeropoint/numerics/params.h"

namespace zp {

// quantize(ReLU(x)) = relu_code(quantize(x)) for every x but NaN: quantize is monotonic and 0 is
// exactly zero_point.
constexpr int32_t relu_code(int32_t code, const QuantParams& params) {
  return std::max(code, params.zero_point);
}

// quantize(Clip(x, low, high)) = clip_code(quantize(x), clip_bounds(low, high, ...)), for the same
// reason and again but for NaN. Bounds may be infinite. Errors of clip_bounds: parameters without
// meaning, a bound that is NaN, low > high.
constexpr int32_t clip_code(int32_t code, CodeRange bounds) {
  return std::clamp(code, bounds.qmin, bounds.qmax);
}
Result<CodeRange> clip_bounds(float low, float high, const QuantParams& params,
                              Convention convention = Convention::kOnnx);

// Whether a ReLU before this quantizer changes no code: exactly when no code lies below the zero
// point.
bool implies_relu(const QuantParams& params, Convention convention = Convention::kOnnx);

// Whether a Clip to [low, high] before this quantizer changes no code: exactly when the bounds
// have the codes qmin and qmax.
Result<bool> implies_clip(float low, float high, const QuantParams& params,
                          Convention convention = Convention::kOnnx);

}  // namespace zp
