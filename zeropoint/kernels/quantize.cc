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

// Where the steps come from; kDividing is for what kFast left in doubt.
enum class Pace { kFast, kDividing };

template <Pace kPace, class Steps>
HWY_INLINE VI steps_at(const Steps& steps, const float* HWY_RESTRICT x, VI& doubt) {
  const VF v = hn::LoadU(DF(), x);
  if constexpr (kPace == Pace::kDividing) return steps.divided_steps(v);
  return steps.steps(v, doubt);
}

// Four vectors, whose codes fill a cache line with AVX-512.
template <Pace kPace, Stores kStores, class Code, class Steps>
HWY_INLINE void quantize_block(const Steps& steps, const CodeStore<Code>& store,
                               const float* HWY_RESTRICT x, Code* HWY_RESTRICT to, VI& doubt) {
  const size_t lanes = hn::Lanes(DF());
  const VI a = steps_at<kPace>(steps, x, doubt);
  const VI b = steps_at<kPace>(steps, x + lanes, doubt);
  const VI c = steps_at<kPace>(steps, x + 2 * lanes, doubt);
  const VI d = steps_at<kPace>(steps, x + 3 * lanes, doubt);
  store.template operator()<kStores>(a, b, c, d, to);
}

// steps and store are copies: behind a reference every store to bytes might alias their vectors.
template <Stores kStores, class Code, class Steps>
HWY_INLINE void quantize_all(const Steps steps, const CodeStore<Code> store, const float* x,
                             Code* to, size_t count) {
  const size_t block = 4 * hn::Lanes(DF());
  const size_t chunk = 4 * block;
  VI doubt = hn::Zero(DI());
  size_t i = 0;
  for (; i + chunk <= count; i += chunk) {
    quantize_block<Pace::kFast, kStores>(steps, store, x + i, to + i, doubt);
    quantize_block<Pace::kFast, kStores>(steps, store, x + i + block, to + i + block, doubt);
    quantize_block<Pace::kFast, kStores>(steps, store, x + i + 2 * block, to + i + 2 * block,
                                         doubt);
    quantize_block<Pace::kFast, kStores>(steps, store, x + i + 3 * block, to + i + 3 * block,
                                         doubt);
    if constexpr (Steps::kDoubts) {
      if (HWY_UNLIKELY(!hn::AllTrue(DI(), hn::Eq(doubt, hn::Zero(DI()))))) {
        doubt = hn::Zero(DI());
        for (size_t k = i; k < i + chunk; k += block) {
          quantize_block<Pace::kDividing, kStores>(steps, store, x + k, to + k, doubt);
        }
      }
    }
  }
  constexpr Pace kRest = Steps::kDoubts ? Pace::kDividing : Pace::kFast;
  for (; i + block <= count; i += block) {
    quantize_block<kRest, kStores>(steps, store, x + i, to + i, doubt);
  }
  if (i == count) return;
  HWY_ALIGN float last_x[4 * hn::MaxLanes(DF())] = {};
  HWY_ALIGN Code last_codes[4 * hn::MaxLanes(DF())];
  std::copy(x + i, x + count, last_x);
  quantize_block<kRest, Stores::kCached>(steps, store, last_x, last_codes, doubt);
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
      quantize_all<Stores::kCached>(steps, store, x, to, head);
      quantize_all<Stores::kStreamed>(steps, store, x + head, to + head, count - head);
      hwy::FlushStream();
    } else {
      quantize_all<Stores::kCached>(steps, store, x, to, count);
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
