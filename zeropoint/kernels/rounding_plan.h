// How a kernel gets from x to its rounded number of steps without paying for a division, decided
// once for each pair of parameters.
#pragma once

#include <cstdint>

#include "zeropoint/numerics/params.h"

namespace zp::kernels {

// The rule by which steps are rounded, from the convention.
enum class Rounding {
  kHalfEven,         // onnx, pytorch
  kHalfEvenNanZero,  // tensorrt: NaN gives code 0
  kHalfAway,         // tflite
  kHalfAwayOffset,   // tensorflow: the zero point is added before rounding
};

// With r_low <= 1/scale <= r_high, neighbouring float32 numbers, and since rounding is monotonic,
// fl(|x| * r_low) <= fl(|x| / scale) <= fl(|x| * r_high). Where both products round to the same
// step, so does the quotient; where they differ (about one value in 10^5), the kernel divides.
enum class Method {
  kMultiply,         // x * reciprocal: pytorch's rule, and exact for a power-of-two scale
  kBracket,          // both products, division where they disagree
  kDivide,           // any scale; steps are clamped after the division
  kMultiplyClamped,  // pytorch's rule where the bounds have no float32 (see x_low)
};

struct RoundingPlan {
  Rounding rounding = Rounding::kHalfEven;
  Method method = Method::kDivide;
  float scale = 1;
  float reciprocal = 1;  // kMultiply, kMultiplyClamped; else the lower end of the bracket
  float reciprocal_high = 1;
  // kMultiply, kBracket: x is clamped to [x_low, x_high] first, which have the codes qmin and
  // qmax, so by monotonicity no code changes and nothing overflows.
  float x_low = 0;
  float x_high = 0;
  // kDivide, kMultiplyClamped: the same bounds for the quotient, as whole numbers.
  float step_low = 0;
  float step_high = 0;
  float offset = 0;        // kHalfAwayOffset: the zero point
  int32_t zero_point = 0;  // what is added to the rounded steps: 0 for kHalfAwayOffset
  int32_t qmin = 0;
};

// Requires check(params, convention) and a type of at most 16 bits.
RoundingPlan make_rounding_plan(const QuantParams& params, Convention convention);

}  // namespace zp::kernels
