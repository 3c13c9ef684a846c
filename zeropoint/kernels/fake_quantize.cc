#include "zeropoint/kernels/fake_quantize.h"

#include "zeropoint/kernels/checks.h"
#include "zeropoint/kernels/rounding_plan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "zeropoint/kernels/fake_quantize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "zeropoint/kernels/rounder-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zp::kernels {
namespace HWY_NAMESPACE {

// Steps back to reals. They pass through integers, so that -0 becomes +0 as it does as a code.
class RealStore {
 public:
  using Element = float;
  static constexpr bool kCanStream = true;
  static constexpr bool kInPlace = true;
  static constexpr bool kSaturates = false;

  explicit RealStore(const RoundingPlan& plan)
      : scale_(hn::Set(DF(), plan.scale)), offset_(hn::Set(DI(), plan.offset)) {}

  template <Stores kStores>
  HWY_INLINE void store(VI a, VI b, VI c, VI d, float* to) const {
    const size_t lanes = hn::Lanes(DF());
    store_one<kStores>(a, to);
    store_one<kStores>(b, to + lanes);
    store_one<kStores>(c, to + 2 * lanes);
    store_one<kStores>(d, to + 3 * lanes);
  }

  static HWY_INLINE void store_row(VI steps, VF scale, VI /*zero_point*/, float* to) {
    hn::StoreU(hn::Mul(hn::ConvertTo(DF(), steps), scale), DF(), to);
  }

 private:
  template <Stores kStores>
  HWY_INLINE void store_one(VI steps, float* to) const {
    const VF real = hn::Mul(hn::ConvertTo(DF(), hn::Sub(steps, offset_)), scale_);
    if constexpr (kStores == Stores::kStreamed) {
      hn::Stream(real, DF(), to);
    } else {
      hn::StoreU(real, DF(), to);
    }
  }

  VF scale_;
  VI offset_;
};

void fake_quantize_span(const float* x, float* to, size_t count, const RoundingPlan& plan) {
  round_span(RealStore(plan), x, to, count, plan);
}

void fake_quantize_row(const float* x, float* to, const RowPlan& plan) {
  round_row<RealStore>(x, to, plan);
}

}  // namespace HWY_NAMESPACE
}  // namespace zp::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zp::kernels {
namespace {

HWY_EXPORT(fake_quantize_span);
HWY_EXPORT(fake_quantize_row);

// The type of codes never shows, but the kernels count steps in float32, which 16 bits allow.
Status check_type(IntType type) {
  if (type.bits() <= 16) return {};
  return invalid_argument(
      fmt::format("fake_quantize: expected a type of at most 16 bits, got {}", type.name()));
}

}  // namespace

Status fake_quantize(std::span<const float> x, std::span<float> y, const QuantParams& params,
                     Convention convention) {
  ZP_RETURN_IF_ERROR(check(params, convention));
  ZP_RETURN_IF_ERROR(check_type(params.type));
  ZP_RETURN_IF_ERROR(check_same_size("fake_quantize", x.size(), y.size()));
  HWY_DYNAMIC_DISPATCH(fake_quantize_span)
  (x.data(), y.data(), x.size(), make_rounding_plan(params, convention, x.size()));
  return {};
}

Status fake_quantize(std::span<const float> x, std::span<float> y, const TensorParams& params,
                     Convention convention) {
  ZP_RETURN_IF_ERROR(check(params, convention));
  ZP_RETURN_IF_ERROR(check_type(params.type));
  ZP_RETURN_IF_ERROR(check_same_size("fake_quantize", x.size(), y.size(), params.layout));
  for_each_run(
      params.layout,
      [&](const Run& run) {
        const auto count = static_cast<size_t>(run.count);
        HWY_DYNAMIC_DISPATCH(fake_quantize_span)
        (x.data() + run.offset, y.data() + run.offset, count,
         make_rounding_plan(params.at(run.params_index), convention, count));
      },
      [&](const Run& run) {
        HWY_DYNAMIC_DISPATCH(fake_quantize_row)
        (x.data() + run.offset, y.data() + run.offset,
         make_row_plan(params, run.params_index, run.count, convention));
      });
  return {};
}

}  // namespace zp::kernels
#endif  // HWY_ONCE
