#include "zeropoint/kernels/rounding_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "zeropoint/numerics/quantize.h"

namespace zp::kernels {
namespace {

// Within these, neither the reciprocal nor its neighbours leave the normal numbers.
constexpr float kSmallestBracketScale = 0x1p-100f;
constexpr float kLargestBracketScale = 0x1p100f;

// Below this many elements, finding the bounds costs more than it saves.
constexpr size_t kShortRun = 256;

bool is_power_of_two(float scale) {
  int exponent = 0;
  return std::frexp(scale, &exponent) == 0.5f;
}

float bound(int32_t steps, float scale) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  return std::clamp(static_cast<float>(steps) * scale, -kLargest, kLargest);
}

}  // namespace

Rounding rounding_of(Convention convention) {
  switch (convention) {
    case Convention::kTensorrt:
      return Rounding::kHalfEvenNanZero;
    case Convention::kTflite:
      return Rounding::kHalfAway;
    case Convention::kTensorflow:
      return Rounding::kHalfAwayOffset;
    case Convention::kOnnx:
    case Convention::kPytorch:
      break;
  }
  return Rounding::kHalfEven;
}

RoundingPlan make_rounding_plan(const QuantParams& params, Convention convention, size_t count) {
  const CodeRange codes = code_range(params, convention);
  const int32_t below = codes.qmin - params.zero_point;
  const int32_t above = codes.qmax - params.zero_point;
  const bool has_offset = convention == Convention::kTensorflow;

  RoundingPlan plan;
  plan.rounding = rounding_of(convention);
  plan.scale = params.scale;
  plan.reciprocal = 1.0f / params.scale;
  plan.x_low = bound(below, params.scale);
  plan.x_high = bound(above, params.scale);
  plan.step_low = static_cast<float>(has_offset ? codes.qmin : below);
  plan.step_high = static_cast<float>(has_offset ? codes.qmax : above);
  plan.offset = has_offset ? params.zero_point : 0;
  plan.zero_point = has_offset ? 0 : params.zero_point;
  plan.qmin = codes.qmin;

  const bool multiplies = convention == Convention::kPytorch;
  if (count < kShortRun) {
    plan.method = multiplies ? Method::kMultiplyClamped : Method::kDivide;
    return plan;
  }
  const bool bounded = quantize(plan.x_low, params, convention) == codes.qmin &&
                       quantize(plan.x_high, params, convention) == codes.qmax;
  const bool in_reach =
      kSmallestBracketScale <= params.scale && params.scale <= kLargestBracketScale;
  if (multiplies) {
    plan.method = bounded ? Method::kMultiply : Method::kMultiplyClamped;
  } else if (!bounded || !in_reach) {
    plan.method = Method::kDivide;
  } else if (is_power_of_two(params.scale)) {
    plan.method = Method::kMultiply;
  } else {
    plan.method = Method::kBracket;
    // The product of two float32 is exact in double: it tells on which side of 1/scale we are.
    const bool is_below = double{plan.reciprocal} * double{params.scale} < 1.0;
    const float other = std::nextafter(plan.reciprocal, is_below ? 2 * plan.reciprocal : 0.0f);
    plan.reciprocal_high = is_below ? other : plan.reciprocal;
    plan.reciprocal = is_below ? plan.reciprocal : other;
  }
  return plan;
}

RowPlan make_row_plan(const TensorParams& params, int64_t first, int64_t count,
                      Convention convention) {
  const CodeRange codes = code_range(params.at(first), convention);
  return {rounding_of(convention),
          convention == Convention::kPytorch ? Method::kMultiplyClamped : Method::kDivide,
          params.scales.data() + first,
          params.zero_points.data() + first,
          static_cast<size_t>(count),
          codes.qmin,
          codes.qmax};
}

}  // namespace zp::kernels
