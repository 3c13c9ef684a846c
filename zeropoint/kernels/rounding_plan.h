// How a kernel gets from x to its rounded number of steps without paying for a division, decided
// once for each pair of parameters.
#pragma once

#include <cstddef>
#include <cstdint>

#include "zeropoint/numerics/tensor_params.h"

namespace zp::kernels {

// The rule by which steps are rounded, from the convention.
enum class Rounding {
  kHalfEven,         // onnx, pytorch
  kHalfEvenNanZero,  // tensorrt: NaN gives code 0
  kHalfAway,         // tflite
  kHalfAwayOffset,   // tensorflow: the zero point is added before rounding
};

Rounding rounding_of(Convention convention);

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
  int32_t offset = 0;      // added before rounding: the zero point for kHalfAwayOffset, else 0
  int32_t zero_point = 0;  // added after rounding: 0 for kHalfAwayOffset
  int32_t qmin = 0;
};

// The plan for `count` elements. Requires check(params, convention) and a type of at most 16 bits.
RoundingPlan make_rounding_plan(const QuantParams& params, Convention convention, size_t count);

// For a row of elements with a scale and zero point each; the arrays are the caller's.
struct RowPlan {
  Rounding rounding = Rounding::kHalfEven;
  Method method = Method::kDivide;  // or kMultiplyClamped
  const float* scales = nullptr;
  const int32_t* zero_points = nullptr;
  size_t count = 0;
  int32_t qmin = 0;
  int32_t qmax = 0;
};

// The plan of `count` elements from number `first` of params' scales on. params must outlive it.
RowPlan make_row_plan(const TensorParams& params, int64_t first, int64_t count,
                      Convention convention);

}  // namespace zp::kernels
