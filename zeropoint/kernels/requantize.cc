#include "zeropoint/kernels/requantize.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "zeropoint/kernels/checks.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "zeropoint/kernels/requantize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "zeropoint/kernels/simd-inl.h"

#ifndef ZP_KERNELS_REQUANTIZE_CC_
#define ZP_KERNELS_REQUANTIZE_CC_
namespace zp::kernels {

// Requantizers as arrays. Element i has entry i (stride 1), with a vector's entries to spare behind
// the last, or every element has entry 0 (stride 0).
struct RequantizePlan {
  RequantizeRule rule = RequantizeRule::kFloat;
  const float* multiplier = nullptr;
  const int32_t* mantissa = nullptr;
  const int32_t* shift = nullptr;
  const int32_t* zero_point = nullptr;
  const int32_t* qmin = nullptr;
  const int32_t* qmax = nullptr;
  size_t stride = 0;
};

template <class Code>
struct RequantizeKernel {
  void (*run)(const int32_t* accumulators, Code* to, size_t count, const RequantizePlan& plan);
};
using RequantizeKernels = ForEachCode<RequantizeKernel>;

}  // namespace zp::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace zp::kernels {
namespace HWY_NAMESPACE {

using DL = hn::Repartition<int64_t, DI>;
using VL = hn::Vec<DL>;

template <class T>
HWY_INLINE hn::Vec<hn::ScalableTag<T>> entries(const T* array, size_t i, size_t stride) {
  const hn::ScalableTag<T> d;
  return stride == 0 ? hn::Set(d, *array) : hn::LoadU(d, array + i);
}

// The plan's entries for the elements from i on.
struct Requantizers {
  VF multiplier;
  VI mantissa, shift, zero_point, qmin, qmax;

  Requantizers(const RequantizePlan& plan, size_t i)
      : multiplier(entries(plan.multiplier, i, plan.stride)),
        mantissa(entries(plan.mantissa, i, plan.stride)),
        shift(entries(plan.shift, i, plan.stride)),
        zero_point(entries(plan.zero_point, i, plan.stride)),
        qmin(entries(plan.qmin, i, plan.stride)),
        qmax(entries(plan.qmax, i, plan.stride)) {}
};

HWY_INLINE VI clamp_codes(VI codes, const Requantizers& by) {
  return hn::Min(hn::Max(codes, by.qmin), by.qmax);
}

// The steps are clamped to the codes before they are rounded, which comes to the same.
HWY_INLINE VI requantized_float(VI accumulators, const Requantizers& by) {
  const VF product = hn::Mul(hn::ConvertTo(DF(), accumulators), by.multiplier);
  const VF low = hn::ConvertTo(DF(), hn::Sub(by.qmin, by.zero_point));
  const VF high = hn::ConvertTo(DF(), hn::Sub(by.qmax, by.zero_point));
  return hn::Add(round_half_even(hn::Min(hn::Max(product, low), high)), by.zero_point);
}

#if HWY_TARGET != HWY_SCALAR  // which has no pairs of lanes to widen

// Products of the even and of the odd lanes in 64 bits, and 32-bit results back in their places.
HWY_INLINE VL even_products(VI a, VI b) { return hn::MulEven(a, b); }
HWY_INLINE VI odd_to_even(VI v) {
  return hn::BitCast(DI(), hn::ShiftRight<32>(hn::BitCast(hn::RebindToUnsigned<DL>(), v)));
}
HWY_INLINE VI interleave(VL even, VL odd) {
  return hn::OddEven(hn::BitCast(DI(), hn::ShiftLeft<32>(odd)), hn::BitCast(DI(), even));
}

// floor((a * b + 2^30) / 2^31); b is never INT32_MIN here, so nothing saturates.
HWY_INLINE VI doubling_high_multiply(VI a, VI b) {
  const VL half = hn::Set(DL(), int64_t{1} << 30);
  const VL even = hn::ShiftRight<31>(hn::Add(even_products(a, b), half));
  const VL odd = hn::ShiftRight<31>(hn::Add(even_products(odd_to_even(a), odd_to_even(b)), half));
  return interleave(even, odd);
}

HWY_INLINE VI requantized_tflite_double(VI accumulators, const Requantizers& by) {
  const DI d;
  const VI zero = hn::Zero(d);
  const VI left = hn::Max(by.shift, zero);
  const VI right = hn::Max(hn::Neg(by.shift), zero);
  // A left shift that saturates.
  const VI highest = hn::Set(d, INT32_MAX);
  const VI lowest = hn::Set(d, INT32_MIN);
  VI shifted = hn::Shl(accumulators, left);
  shifted = hn::IfThenElse(hn::Gt(accumulators, hn::Shr(highest, left)), highest, shifted);
  shifted = hn::IfThenElse(hn::Lt(accumulators, hn::Shr(lowest, left)), lowest, shifted);
  const VI product = doubling_high_multiply(shifted, by.mantissa);
  // A right shift that rounds half away from zero; right may be 31.
  const VI one = hn::Set(d, 1);
  const VI mask = hn::Sub(hn::Shl(one, right), one);
  const VI remainder = hn::And(product, mask);
  const VI negative = hn::VecFromMask(d, hn::Lt(product, zero));  // -1 where it is
  const VI threshold = hn::Sub(hn::ShiftRight<1>(mask), negative);
  const VI carry = hn::VecFromMask(d, hn::Gt(remainder, threshold));
  const VI steps = hn::Sub(hn::Shr(product, right), carry);
  // The sum with the zero point may leave int32 only where it saturates anyway.
  const VI safe = hn::Min(hn::Max(steps, hn::Set(d, -(1 << 24))), hn::Set(d, 1 << 24));
  return clamp_codes(hn::Add(safe, by.zero_point), by);
}

// floor(a * mantissa / 2^(31 - shift) + 1/2) of the even lanes, kept within 2^24.
HWY_INLINE VL rounded_once(VI a, VI mantissa, VI shift) {
  const hn::RebindToUnsigned<DL> du;
  const VL total =
      hn::Sub(hn::Set(DL(), 31), hn::ShiftRight<32>(hn::ShiftLeft<32>(hn::BitCast(DL(), shift))));
  const VL half =
      hn::BitCast(DL(), hn::Shl(hn::Set(du, 1), hn::BitCast(du, hn::Sub(total, hn::Set(DL(), 1)))));
  const VL rounded = hn::Shr(hn::Add(even_products(a, mantissa), half), total);
  return hn::Min(hn::Max(rounded, hn::Set(DL(), -(1 << 24))), hn::Set(DL(), 1 << 24));
}

HWY_INLINE VI requantized_once(VI accumulators, const Requantizers& by) {
  const VL even = rounded_once(accumulators, by.mantissa, by.shift);
  const VL odd =
      rounded_once(odd_to_even(accumulators), odd_to_even(by.mantissa), odd_to_even(by.shift));
  return clamp_codes(hn::Add(interleave(even, odd), by.zero_point), by);
}

#else

template <RequantizeRule kRule>
HWY_INLINE VI requantized_scalar(VI accumulator, const Requantizers& by) {
  const Requantizer own{kRule,
                        hn::GetLane(by.multiplier),
                        {hn::GetLane(by.mantissa), hn::GetLane(by.shift)},
                        hn::GetLane(by.zero_point),
                        {hn::GetLane(by.qmin), hn::GetLane(by.qmax)}};
  return hn::Set(DI(), zp::requantize(hn::GetLane(accumulator), own));
}
HWY_INLINE VI requantized_tflite_double(VI accumulator, const Requantizers& by) {
  return requantized_scalar<RequantizeRule::kTfliteDouble>(accumulator, by);
}
HWY_INLINE VI requantized_once(VI accumulator, const Requantizers& by) {
  return requantized_scalar<RequantizeRule::kTfliteSingle>(accumulator, by);
}

#endif

template <RequantizeRule kRule>
HWY_INLINE VI requantized(VI accumulators, const Requantizers& by) {
  if constexpr (kRule == RequantizeRule::kFloat) return requantized_float(accumulators, by);
  if constexpr (kRule == RequantizeRule::kTfliteDouble) {
    return requantized_tflite_double(accumulators, by);
  }
  return requantized_once(accumulators, by);
}

template <RequantizeRule kRule, class Code>
HWY_INLINE void requantize_as(const int32_t* HWY_RESTRICT accumulators, Code* HWY_RESTRICT to,
                              size_t count, const RequantizePlan& plan) {
  const size_t lanes = hn::Lanes(DI());
  size_t i = 0;
  if (plan.stride == 0) {
    const Requantizers by(plan, 0);
    for (; i + lanes <= count; i += lanes) {
      store_codes(requantized<kRule>(hn::LoadU(DI(), accumulators + i), by), to + i);
    }
  } else {
    for (; i + lanes <= count; i += lanes) {
      const Requantizers by(plan, i);
      store_codes(requantized<kRule>(hn::LoadU(DI(), accumulators + i), by), to + i);
    }
  }
  if (i == count) return;
  // The plan's arrays have a vector to spare.
  HWY_ALIGN int32_t last[hn::MaxLanes(DI())] = {};
  HWY_ALIGN Code last_codes[hn::MaxLanes(DI())];
  std::copy(accumulators + i, accumulators + count, last);
  store_codes(requantized<kRule>(hn::Load(DI(), last), Requantizers(plan, i)), last_codes);
  std::copy(last_codes, last_codes + (count - i), to + i);
}

template <class Code>
void requantize_run(const int32_t* accumulators, Code* to, size_t count,
                    const RequantizePlan& plan) {
  switch (plan.rule) {
    case RequantizeRule::kFloat:
      return requantize_as<RequantizeRule::kFloat>(accumulators, to, count, plan);
    case RequantizeRule::kTfliteDouble:
      return requantize_as<RequantizeRule::kTfliteDouble>(accumulators, to, count, plan);
    case RequantizeRule::kTfliteSingle:
    case RequantizeRule::kHalfUp:
      return requantize_as<RequantizeRule::kTfliteSingle>(accumulators, to, count, plan);
  }
}

RequantizeKernels requantize_kernels() {
  return {{&requantize_run<uint8_t>},
          {&requantize_run<int8_t>},
          {&requantize_run<uint16_t>},
          {&requantize_run<int16_t>}};
}

}  // namespace HWY_NAMESPACE
}  // namespace zp::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zp::kernels {
namespace {

HWY_EXPORT(requantize_kernels);

// No target's vectors have more int32 lanes; how many entries the arrays hold beyond the last.
constexpr size_t kSpareLanes = 64;

// The requantizers as arrays, each field apart.
class RequantizeArrays {
 public:
  explicit RequantizeArrays(std::span<const Requantizer> from) : rule_(from.front().rule) {
    const size_t size = from.size() + kSpareLanes;
    multiplier_.reserve(size);
    for (std::vector<int32_t>* array : {&mantissa_, &shift_, &zero_point_, &qmin_, &qmax_}) {
      array->reserve(size);
    }
    for (size_t i = 0; i < size; ++i) {
      const Requantizer& own = from[std::min(i, from.size() - 1)];
      multiplier_.push_back(own.multiplier);
      mantissa_.push_back(own.fixed.mantissa);
      shift_.push_back(own.fixed.shift);
      zero_point_.push_back(own.zero_point);
      qmin_.push_back(own.codes.qmin);
      qmax_.push_back(own.codes.qmax);
    }
  }

  RequantizePlan plan(int64_t first, int64_t stride) const {
    return {rule_,
            multiplier_.data() + first,
            mantissa_.data() + first,
            shift_.data() + first,
            zero_point_.data() + first,
            qmin_.data() + first,
            qmax_.data() + first,
            static_cast<size_t>(stride)};
  }

 private:
  RequantizeRule rule_;
  std::vector<float> multiplier_;
  std::vector<int32_t> mantissa_, shift_, zero_point_, qmin_, qmax_;
};

}  // namespace

template <class Code>
Status requantize(std::span<const int32_t> accumulators, std::span<Code> codes,
                  const Requantizer& requantizer) {
  Layout whole;
  whole.axis_size = static_cast<int64_t>(accumulators.size());
  return requantize(accumulators, codes, whole, std::span(&requantizer, 1));
}

template <class Code>
Status requantize(std::span<const int32_t> accumulators, std::span<Code> codes,
                  const Layout& layout, std::span<const Requantizer> requantizers) {
  ZP_RETURN_IF_ERROR(check_same_size("requantize", accumulators.size(), codes.size(), layout));
  if (static_cast<int64_t>(requantizers.size()) != layout.params_count()) {
    return invalid_argument(fmt::format("requantize: expected {} requantizers, got {}",
                                        layout.params_count(), requantizers.size()));
  }
  for (const Requantizer& own : requantizers) {
    if (own.rule != requantizers.front().rule) {
      return invalid_argument(fmt::format("requantize: rules {} and {} in one tensor",
                                          name(requantizers.front().rule), name(own.rule)));
    }
    if (!std::in_range<Code>(own.codes.qmin) || !std::in_range<Code>(own.codes.qmax)) {
      return invalid_argument(
          fmt::format("requantize: codes in [{}, {}] do not fit elements of {} bytes",
                      own.codes.qmin, own.codes.qmax, sizeof(Code)));
    }
  }
  if (accumulators.empty()) return {};
  const RequantizeArrays arrays(requantizers);
  const auto kernel = std::get<RequantizeKernel<Code>>(HWY_DYNAMIC_DISPATCH(requantize_kernels)());
  zp::for_each_run(layout, [&](const Run& run) {
    kernel.run(accumulators.data() + run.offset, codes.data() + run.offset,
               static_cast<size_t>(run.count), arrays.plan(run.params_index, run.params_stride));
  });
  return {};
}

#define ZP_INSTANTIATE(Code)                                                                 \
  template Status requantize(std::span<const int32_t>, std::span<Code>, const Requantizer&); \
  template Status requantize(std::span<const int32_t>, std::span<Code>, const Layout&,       \
                             std::span<const Requantizer>)
ZP_INSTANTIATE(uint8_t);
ZP_INSTANTIATE(int8_t);
ZP_INSTANTIATE(uint16_t);
ZP_INSTANTIATE(int16_t);
#undef ZP_INSTANTIATE

}  // namespace zp::kernels
#endif  // HWY_ONCE
