#include "zeropoint/kernels/quantize.h"

#include "zeropoint/kernels/checks.h"
#include "zeropoint/kernels/rounding_plan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "zeropoint/kernels/quantize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "zeropoint/kernels/rounder-inl.h"

#ifndef ZP_KERNELS_QUANTIZE_CC_
#define ZP_KERNELS_QUANTIZE_CC_
namespace zp::kernels {

template <class Code>
struct QuantizeKernel {
  void (*span)(const float* x, Code* to, size_t count, const RoundingPlan& plan);
  void (*row)(const float* x, Code* to, const RowPlan& plan);
};
using QuantizeKernels = ForEachCode<QuantizeKernel>;

}  // namespace zp::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace zp::kernels {
namespace HWY_NAMESPACE {

template <class Code>
void quantize_span(const float* x, Code* to, size_t count, const RoundingPlan& plan) {
  round_span(CodeStore<Code>(plan.zero_point), x, to, count, plan);
}

template <class Code>
void quantize_row(const float* x, Code* to, const RowPlan& plan) {
  round_row<CodeStore<Code>>(x, to, plan);
}

template <class Code>
constexpr QuantizeKernel<Code> kQuantize{&quantize_span<Code>, &quantize_row<Code>};

QuantizeKernels quantize_kernels() {
  return {kQuantize<uint8_t>, kQuantize<int8_t>, kQuantize<uint16_t>, kQuantize<int16_t>};
}

}  // namespace HWY_NAMESPACE
}  // namespace zp::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zp::kernels {
namespace {

HWY_EXPORT(quantize_kernels);

template <class Code>
QuantizeKernel<Code> kernel() {
  return std::get<QuantizeKernel<Code>>(HWY_DYNAMIC_DISPATCH(quantize_kernels)());
}

}  // namespace

template <class Code>
Status quantize(std::span<const float> x, std::span<Code> codes, const QuantParams& params,
                Convention convention) {
  ZP_RETURN_IF_ERROR(check(params, convention));
  ZP_RETURN_IF_ERROR(check_holds<Code>(params.type));
  ZP_RETURN_IF_ERROR(check_same_size("quantize", x.size(), codes.size()));
  kernel<Code>().span(x.data(), codes.data(), x.size(),
                      make_rounding_plan(params, convention, x.size()));
  return {};
}

template <class Code>
Status quantize(std::span<const float> x, std::span<Code> codes, const TensorParams& params,
                Convention convention) {
  ZP_RETURN_IF_ERROR(check(params, convention));
  ZP_RETURN_IF_ERROR(check_holds<Code>(params.type));
  ZP_RETURN_IF_ERROR(check_same_size("quantize", x.size(), codes.size(), params.layout));
  const auto to = kernel<Code>();
  for_each_run(
      params.layout,
      [&](const Run& run) {
        const auto count = static_cast<size_t>(run.count);
        to.span(x.data() + run.offset, codes.data() + run.offset, count,
                make_rounding_plan(params.at(run.params_index), convention, count));
      },
      [&](const Run& run) {
        to.row(x.data() + run.offset, codes.data() + run.offset,
               make_row_plan(params, run.params_index, run.count, convention));
      });
  return {};
}

#define ZP_INSTANTIATE(Code)                                                            \
  template Status quantize(std::span<const float>, std::span<Code>, const QuantParams&, \
                           Convention);                                                 \
  template Status quantize(std::span<const float>, std::span<Code>, const TensorParams&, Convention)
ZP_INSTANTIATE(uint8_t);
ZP_INSTANTIATE(int8_t);
ZP_INSTANTIATE(uint16_t);
ZP_INSTANTIATE(int16_t);
#undef ZP_INSTANTIATE

}  // namespace zp::kernels
#endif  // HWY_ONCE
