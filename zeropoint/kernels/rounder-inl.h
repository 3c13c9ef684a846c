// Vectors of x to their rounded steps by a RoundingPlan; included once for each Highway target.
#if defined(ZP_KERNELS_ROUNDER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ZP_KERNELS_ROUNDER_INL_H_
#undef ZP_KERNELS_ROUNDER_INL_H_
#else
#define ZP_KERNELS_ROUNDER_INL_H_
#endif

#include <hwy/cache_control.h>

#include <algorithm>

#include "zeropoint/kernels/rounding_plan.h"
#include "zeropoint/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zp::kernels {
namespace HWY_NAMESPACE {

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

// doubt | (a ^ b), which AVX-512 does at once.
HWY_INLINE VI or_difference(VI doubt, VI a, VI b) {
#if HWY_TARGET == HWY_AVX3
  return VI{_mm512_ternarylogic_epi32(doubt.raw, a.raw, b.raw, 0xf6)};
#else
  return hn::Or(doubt, hn::Xor(a, b));
#endif
}

template <Rounding kRounding, Method kMethod, LowEnd kLowEnd>
class Rounder {
 public:
  // Whether steps() may be wrong and say so through `doubt`.
  static constexpr bool kDoubts = kMethod == Method::kBracket;
  // What divides for every vector is for scales out of the ordinary and not worth the code.
  static constexpr bool kStreams = kDoubts || kMethod == Method::kMultiply;

  explicit Rounder(const RoundingPlan& plan)
      : scale_(hn::Set(DF(), plan.scale)),
        reciprocal_(hn::Set(DF(), plan.reciprocal)),
        reciprocal_high_(hn::Set(DF(), plan.reciprocal_high)),
        x_low_(hn::Set(DF(), plan.x_low)),
        x_high_(hn::Set(DF(), plan.x_high)),
        step_low_(hn::Set(DF(), plan.step_low)),
        step_high_(hn::Set(DF(), plan.step_high)),
        offset_(hn::Set(DF(), static_cast<float>(plan.offset))) {}

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
        doubt = or_difference(doubt, result, rounded(hn::Mul(x, reciprocal_high_)));
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

// The same where every element has its own scale and zero point; always by division, or by the
// reciprocal where that is the rule.
template <Rounding kRounding, Method kMethod>
class RowRounder {
 public:
  explicit RowRounder(const RowPlan& plan)
      : qmin_(hn::Set(DI(), plan.qmin)), qmax_(hn::Set(DI(), plan.qmax)) {}

  // Elements i .. i + Lanes: the rounded steps from the zero point.
  HWY_INLINE VI steps(VF x, VF scale, VI zero_point) const {
    x = without_nan<kRounding>(x);
    VF quotient = kMethod == Method::kMultiplyClamped
                      ? hn::Mul(x, hn::Div(hn::Set(DF(), 1.0f), scale))
                      : hn::Div(x, scale);
    const VF low = hn::ConvertTo(DF(), hn::Sub(qmin_, zero_point));
    const VF high = hn::ConvertTo(DF(), hn::Sub(qmax_, zero_point));
    if constexpr (kRounding != Rounding::kHalfAwayOffset) {
      return round_steps<kRounding>(clamp(quotient, low, high));
    }
    const VF offset = hn::ConvertTo(DF(), zero_point);
    const VF code = clamp(hn::Add(quotient, offset), hn::Add(low, offset), hn::Add(high, offset));
    return hn::Sub(round_steps<kRounding>(code), zero_point);
  }

 private:
  VI qmin_, qmax_;
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
      return body(Rounder<kRounding, Method::kDivide, LowEnd::kClamped>(plan));
    case Method::kMultiplyClamped:
      return body(Rounder<Rounding::kHalfEven, Method::kMultiplyClamped, LowEnd::kClamped>(plan));
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

// Where the steps come from; kDividing is for what kFast left in doubt.
enum class Pace { kFast, kDividing };

template <Pace kPace, class Steps>
HWY_INLINE VI steps_at(const Steps& steps, const float* x, VI& doubt) {
  const VF v = hn::LoadU(DF(), x);
  if constexpr (kPace == Pace::kDividing) return steps.divided_steps(v);
  return steps.steps(v, doubt);
}

HWY_INLINE bool is_any(VI doubt) { return !hn::AllTrue(DI(), hn::Eq(doubt, hn::Zero(DI()))); }

// Four vectors; as codes of a byte they fill a cache line with AVX-512.
template <Pace kPace, Stores kStores, class Sink, class Steps>
HWY_INLINE void round_block(const Steps& steps, const Sink& sink, const float* x,
                            typename Sink::Element* to, VI& doubt) {
  const size_t lanes = hn::Lanes(DF());
  const VI a = steps_at<kPace>(steps, x, doubt);
  const VI b = steps_at<kPace>(steps, x + lanes, doubt);
  const VI c = steps_at<kPace>(steps, x + 2 * lanes, doubt);
  const VI d = steps_at<kPace>(steps, x + 3 * lanes, doubt);
  if constexpr (Sink::kInPlace && Steps::kDoubts && kPace == Pace::kFast) {
    // Resolved here, while x is still to be read.
    if (HWY_UNLIKELY(is_any(doubt))) {
      doubt = hn::Zero(DI());
      return round_block<Pace::kDividing, kStores>(steps, sink, x, to, doubt);
    }
  }
  sink.template store<kStores>(a, b, c, d, to);
}

// Fewer than a chunk. Apart, as it is the same for both kinds of stores.
template <class Sink, class Steps>
HWY_NOINLINE void round_rest(const Steps& steps, const Sink& sink, const float* x,
                             typename Sink::Element* to, size_t count) {
  constexpr Pace kPace = Steps::kDoubts ? Pace::kDividing : Pace::kFast;
  const size_t block = 4 * hn::Lanes(DF());
  HWY_ALIGN float last_x[4 * hn::MaxLanes(DF())] = {};
  HWY_ALIGN typename Sink::Element last[4 * hn::MaxLanes(DF())];
  VI doubt = hn::Zero(DI());
  for (size_t i = 0; i < count; i += block) {
    const size_t valid = std::min(block, count - i);
    const bool whole = valid == block;
    if (!whole) std::copy_n(x + i, valid, last_x);
    round_block<kPace, Stores::kCached>(steps, sink, whole ? x + i : last_x, whole ? to + i : last,
                                        doubt);
    if (!whole) std::copy_n(last, valid, to + i);
  }
}

// The rounded steps of all x, handed to the sink. steps and sink are copies: behind a reference
// every store to bytes might alias their vectors.
template <Stores kStores, class Sink, class Steps>
HWY_INLINE void round_all(const Steps steps, const Sink sink, const float* x,
                          typename Sink::Element* to, size_t count) {
  const size_t block = 4 * hn::Lanes(DF());
  const size_t chunk = 4 * block;
  VI doubt = hn::Zero(DI());
  size_t i = 0;
  for (; i + chunk <= count; i += chunk) {
    round_block<Pace::kFast, kStores>(steps, sink, x + i, to + i, doubt);
    round_block<Pace::kFast, kStores>(steps, sink, x + i + block, to + i + block, doubt);
    round_block<Pace::kFast, kStores>(steps, sink, x + i + 2 * block, to + i + 2 * block, doubt);
    round_block<Pace::kFast, kStores>(steps, sink, x + i + 3 * block, to + i + 3 * block, doubt);
    if constexpr (Steps::kDoubts) {
      if (HWY_UNLIKELY(is_any(doubt))) {
        doubt = hn::Zero(DI());
        for (size_t k = i; k < i + chunk; k += block) {
          round_block<Pace::kDividing, kStores>(steps, sink, x + k, to + k, doubt);
        }
      }
    }
  }
  round_rest(steps, sink, x + i, to + i, count - i);
}

// round_all past the caches where that pays.
template <class Sink, class Steps>
HWY_INLINE void round_streaming(const Steps& steps, const Sink& sink, const float* x,
                                typename Sink::Element* to, size_t count) {
  size_t head = count;
  if constexpr (Sink::kCanStream && Steps::kStreams) {
    if (streams(count * (sizeof(float) + sizeof(*to)))) {
      head = std::min(count, elements_to_alignment(to));
      round_all<Stores::kStreamed>(steps, sink, x + head, to + head, count - head);
      hwy::FlushStream();
    }
  }
  round_all<Stores::kCached>(steps, sink, x, to, head);
}

// round_streaming with the plan's rounder.
template <class Sink>
HWY_INLINE void round_span(const Sink& sink, const float* x, typename Sink::Element* to,
                           size_t count, const RoundingPlan& plan) {
  const auto run = [&](const auto& steps) HWY_ATTR { round_streaming(steps, sink, x, to, count); };
  if constexpr (Sink::kSaturates) {
    if (Sink::saturates_at(plan.qmin)) return with_rounder<LowEnd::kSaturatedLater>(plan, run);
  }
  with_rounder<LowEnd::kClamped>(plan, run);
}

// A row whose elements have their own parameters.
template <Rounding kRounding, Method kMethod, class Sink>
HWY_INLINE void round_row_as(const float* x, typename Sink::Element* to, const RowPlan& plan) {
  const RowRounder<kRounding, kMethod> rounder(plan);
  const size_t lanes = hn::Lanes(DF());
  size_t i = 0;
  for (; i + lanes <= plan.count; i += lanes) {
    const VF scale = hn::LoadU(DF(), plan.scales + i);
    const VI zero_point = hn::LoadU(DI(), plan.zero_points + i);
    Sink::store_row(rounder.steps(hn::LoadU(DF(), x + i), scale, zero_point), scale, zero_point,
                    to + i);
  }
  const size_t rest = plan.count - i;
  if (rest == 0) return;
  HWY_ALIGN float last_x[hn::MaxLanes(DF())] = {};
  HWY_ALIGN float last_scale[hn::MaxLanes(DF())];
  HWY_ALIGN int32_t last_zero_point[hn::MaxLanes(DI())];
  HWY_ALIGN typename Sink::Element last[hn::MaxLanes(DF())];
  std::fill_n(last_scale, hn::MaxLanes(DF()), 1.0f);
  std::fill_n(last_zero_point, hn::MaxLanes(DI()), plan.qmin);
  std::copy_n(x + i, rest, last_x);
  std::copy_n(plan.scales + i, rest, last_scale);
  std::copy_n(plan.zero_points + i, rest, last_zero_point);
  const VF scale = hn::Load(DF(), last_scale);
  const VI zero_point = hn::Load(DI(), last_zero_point);
  Sink::store_row(rounder.steps(hn::Load(DF(), last_x), scale, zero_point), scale, zero_point,
                  last);
  std::copy_n(last, rest, to + i);
}

template <class Sink>
HWY_INLINE void round_row(const float* x, typename Sink::Element* to, const RowPlan& plan) {
  switch (plan.rounding) {
    case Rounding::kHalfEven:
      return plan.method == Method::kMultiplyClamped
                 ? round_row_as<Rounding::kHalfEven, Method::kMultiplyClamped, Sink>(x, to, plan)
                 : round_row_as<Rounding::kHalfEven, Method::kDivide, Sink>(x, to, plan);
    case Rounding::kHalfEvenNanZero:
      return round_row_as<Rounding::kHalfEvenNanZero, Method::kDivide, Sink>(x, to, plan);
    case Rounding::kHalfAway:
      return round_row_as<Rounding::kHalfAway, Method::kDivide, Sink>(x, to, plan);
    case Rounding::kHalfAwayOffset:
      return round_row_as<Rounding::kHalfAwayOffset, Method::kDivide, Sink>(x, to, plan);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace zp::kernels
HWY_AFTER_NAMESPACE();

#endif
