#include "zeropoint/kernels/quantize.h"

#include <hwy/cache_control.h>

#include <algorithm>

#include "zeropoint/kernels/checks.h"
#include "zeropoint/kernels/rounding_plan.h"
#include "zeropoint/kernels/streaming.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "zeropoint/kernels/quantize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "zeropoint/kernels/rounder-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zp::kernels {
namespace HWY_NAMESPACE {

// Four vectors at once: 64 codes fill a cache line with AVX-512.
template <class Code, Stores kStores, class Steps>
HWY_INLINE void quantize_block(const Steps& steps, const CodeStore<Code>& store,
                               const float* HWY_RESTRICT x, Code* HWY_RESTRICT to) {
  const DF d;
  const size_t lanes = hn::Lanes(d);
  const VF a = hn::LoadU(d, x);
  const VF b = hn::LoadU(d, x + lanes);
  const VF c = hn::LoadU(d, x + 2 * lanes);
  const VF e = hn::LoadU(d, x + 3 * lanes);
  VI doubt = hn::Zero(DI());
  VI step_a = steps.steps(a, doubt);
  VI step_b = steps.steps(b, doubt);
  VI step_c = steps.steps(c, doubt);
  VI step_e = steps.steps(e, doubt);
  if constexpr (Steps::kDoubts) {
    if (HWY_UNLIKELY(!hn::AllTrue(DI(), hn::Eq(doubt, hn::Zero(DI()))))) {
      step_a = steps.divided_steps(a);
      step_b = steps.divided_steps(b);
      step_c = steps.divided_steps(c);
      step_e = steps.divided_steps(e);
    }
  }
  store.template operator()<kStores>(step_a, step_b, step_c, step_e, to);
}

template <class Code, Stores kStores, class Steps>
HWY_INLINE void quantize_all(const Steps& steps, const CodeStore<Code>& store, const float* x,
                             Code* to, size_t count) {
  const size_t block = 4 * hn::Lanes(DF());
  size_t i = 0;
  for (; i + block <= count; i += block) {
    quantize_block<Code, kStores>(steps, store, x + i, to + i);
  }
  if (i == count) return;
  HWY_ALIGN float last_x[4 * hn::MaxLanes(DF())] = {};
  HWY_ALIGN Code last_codes[4 * hn::MaxLanes(DF())];
  std::copy(x + i, x + count, last_x);
  quantize_block<Code, Stores::kCached>(steps, store, last_x, last_codes);
  std::copy(last_codes, last_codes + (count - i), to + i);
}

template <class Code>
void quantize_span(const float* x, Code* to, size_t count, const RoundingPlan& plan) {
  const CodeStore<Code> store(plan.zero_point, plan.qmin);
  constexpr LowEnd kLowEnd =
      CodeStore<Code>::kSaturatesLow ? LowEnd::kSaturatedLater : LowEnd::kClamped;
  with_rounder<kLowEnd>(plan, [&](const auto& steps) HWY_ATTR {
    if (CodeStore<Code>::kSaturatesLow && streams(count * (sizeof(float) + sizeof(Code)))) {
      const size_t head = std::min(count, elements_to_alignment(to));
      quantize_all<Code, Stores::kCached>(steps, store, x, to, head);
      quantize_all<Code, Stores::kStreamed>(steps, store, x + head, to + head, count - head);
      hwy::FlushStream();
    } else {
      quantize_all<Code, Stores::kCached>(steps, store, x, to, count);
    }
  });
}

void quantize_u8(const float* x, uint8_t* to, size_t count, const RoundingPlan& plan) {
  quantize_span(x, to, count, plan);
}
void quantize_s8(const float* x, int8_t* to, size_t count, const RoundingPlan& plan) {
  quantize_span(x, to, count, plan);
}
void quantize_u16(const float* x, uint16_t* to, size_t count, const RoundingPlan& plan) {
  quantize_span(x, to, count, plan);
}
void quantize_s16(const float* x, int16_t* to, size_t count, const RoundingPlan& plan) {
  quantize_span(x, to, count, plan);
}

}  // namespace HWY_NAMESPACE
}  // namespace zp::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zp::kernels {
namespace {

HWY_EXPORT(quantize_u8);
HWY_EXPORT(quantize_s8);
HWY_EXPORT(quantize_u16);
HWY_EXPORT(quantize_s16);

template <class Code>
void dispatch(std::span<const float> x, Code* to, const RoundingPlan& plan) {
  if constexpr (std::is_same_v<Code, uint8_t>) {
    HWY_DYNAMIC_DISPATCH(quantize_u8)(x.data(), to, x.size(), plan);
  } else if constexpr (std::is_same_v<Code, int8_t>) {
    HWY_DYNAMIC_DISPATCH(quantize_s8)(x.data(), to, x.size(), plan);
  } else if constexpr (std::is_same_v<Code, uint16_t>) {
    HWY_DYNAMIC_DISPATCH(quantize_u16)(x.data(), to, x.size(), plan);
  } else {
    HWY_DYNAMIC_DISPATCH(quantize_s16)(x.data(), to, x.size(), plan);
  }
}

template <class Code>
Status quantize_checked(std::span<const float> x, std::span<Code> codes, const QuantParams& params,
                        Convention convention) {
  ZP_RETURN_IF_ERROR(check(params, convention));
  ZP_RETURN_IF_ERROR(check_holds<Code>(params.type));
  ZP_RETURN_IF_ERROR(check_same_size("quantize", x.size(), codes.size()));
  dispatch(x, codes.data(), make_rounding_plan(params, convention));
  return {};
}

}  // namespace

Status quantize(std::span<const float> x, std::span<uint8_t> codes, const QuantParams& params,
                Convention convention) {
  return quantize_checked(x, codes, params, convention);
}
Status quantize(std::span<const float> x, std::span<int8_t> codes, const QuantParams& params,
                Convention convention) {
  return quantize_checked(x, codes, params, convention);
}
Status quantize(std::span<const float> x, std::span<uint16_t> codes, const QuantParams& params,
                Convention convention) {
  return quantize_checked(x, codes, params, convention);
}
Status quantize(std::span<const float> x, std::span<int16_t> codes, const QuantParams& params,
                Convention convention) {
  return quantize_checked(x, codes, params, convention);
}

}  // namespace zp::kernels
#endif  // HWY_ONCE
