// Vectors of x to their rounded steps by a RoundingPlan; included once for each Highway target.
#if defined(ZP_KERNELS_ROUNDER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ZP_KERNELS_ROUNDER_INL_H_
#undef ZP_KERNELS_ROUNDER_INL_H_
#else
#define ZP_KERNELS_ROUNDER_INL_H_
#endif

#include "zeropoint/kernels/rounding_plan.h"
#include "zeropoint/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zp::kernels {
namespace HWY_NAMESPACE {

// Whether what takes the steps saturates them downwards by itself (CodeStore::kSaturatesLow).
enum class LowEnd { kClamped, kSaturatedLater };

// The elementwise half of rounding, for the rules' sake apart from where scale comes from.
template <Rounding kRounding>
HWY_INLINE VF with_offset(VF quotient, VF offset) {
  if constexpr (kRounding == Rounding::kHalfAwayOffset) return hn::Add(quotient, offset);
  return quotient;
}

template <Rounding kRounding>
HWY_INLINE VI round_steps(VF steps) {
  if constexpr (kRounding == Rounding::kHalfAway || kRounding == Rounding::kHalfAwayOffset) {
    return round_half_away(steps);
  }
  return round_half_even(steps);
}

template <Rounding kRounding>
HWY_INLINE VF without_nan(VF x) {
  if constexpr (kRounding == Rounding::kHalfEvenNanZero) {
    return hn::IfThenElseZero(hn::Eq(x, x), x);
  }
  return x;
}

// NaN gives low.
HWY_INLINE VF clamp(VF v, VF low, VF high) { return hn::Min(max_or_if_nan(v, low), high); }

template <Rounding kRounding, Method kMethod, LowEnd kLowEnd>
class Rounder {
 public:
  // Whether steps() may be wrong and say so through `doubt`.
  static constexpr bool kDoubts = kMethod == Method::kBracket;

  explicit Rounder(const RoundingPlan& plan)
      : scale_(hn::Set(DF(), plan.scale)),
        reciprocal_(hn::Set(DF(), plan.reciprocal)),
        reciprocal_high_(hn::Set(DF(), plan.reciprocal_high)),
        x_low_(hn::Set(DF(), plan.x_low)),
        x_high_(hn::Set(DF(), plan.x_high)),
        step_low_(hn::Set(DF(), plan.step_low)),
        step_high_(hn::Set(DF(), plan.step_high)),
        offset_(hn::Set(DF(), plan.offset)) {}

  // The rounded steps of x. Lanes of `doubt` become nonzero where they have to be divided for.
  HWY_INLINE VI steps(VF x, VI& doubt) const {
    x = without_nan<kRounding>(x);
    if constexpr (kMethod == Method::kDivide) {
      return clamped(hn::Div(x, scale_));
    } else if constexpr (kMethod == Method::kMultiplyClamped) {
      return clamped(hn::Mul(x, reciprocal_));
    } else {
      x = bounded(x);
      const VI result = rounded(hn::Mul(x, reciprocal_));
      if constexpr (kMethod == Method::kBracket) {
        doubt = hn::Or(doubt, hn::Xor(result, rounded(hn::Mul(x, reciprocal_high_))));
      }
      return result;
    }
  }

  // The same by division, beyond doubt.
  HWY_INLINE VI divided_steps(VF x) const {
    return rounded(hn::Div(bounded(without_nan<kRounding>(x)), scale_));
  }

 private:
  HWY_INLINE VF bounded(VF x) const {
    if constexpr (kLowEnd == LowEnd::kSaturatedLater) return min_keeping_nan(x, x_high_);
    return clamp(x, x_low_, x_high_);
  }
  HWY_INLINE VI rounded(VF quotient) const {
    return round_steps<kRounding>(with_offset<kRounding>(quotient, offset_));
  }
  HWY_INLINE VI clamped(VF quotient) const {
    return round_steps<kRounding>(
        clamp(with_offset<kRounding>(quotient, offset_), step_low_, step_high_));
  }

  VF scale_, reciprocal_, reciprocal_high_, x_low_, x_high_, step_low_, step_high_, offset_;
};

// Calls body(Rounder<...>) for the plan's rounding and method.
template <LowEnd kLowEnd, Rounding kRounding, class Body>
HWY_INLINE void with_method(const RoundingPlan& plan, Body body) {
  switch (plan.method) {
    case Method::kMultiply:
      return body(Rounder<kRounding, Method::kMultiply, kLowEnd>(plan));
    case Method::kBracket:
      return body(Rounder<kRounding, Method::kBracket, kLowEnd>(plan));
    case Method::kDivide:
      return body(Rounder<kRounding, Method::kDivide, kLowEnd>(plan));
    case Method::kMultiplyClamped:
      return body(Rounder<Rounding::kHalfEven, Method::kMultiplyClamped, kLowEnd>(plan));
  }
}

template <LowEnd kLowEnd, class Body>
HWY_INLINE void with_rounder(const RoundingPlan& plan, Body body) {
  switch (plan.rounding) {
    case Rounding::kHalfEven:
      return with_method<kLowEnd, Rounding::kHalfEven>(plan, body);
    case Rounding::kHalfEvenNanZero:
      return with_method<kLowEnd, Rounding::kHalfEvenNanZero>(plan, body);
    case Rounding::kHalfAway:
      return with_method<kLowEnd, Rounding::kHalfAway>(plan, body);
    case Rounding::kHalfAwayOffset:
      return with_method<kLowEnd, Rounding::kHalfAwayOffset>(plan, body);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace zp::kernels
HWY_AFTER_NAMESPACE();

#endif
