#include "zeropoint/kernels/dequantize.h"

#include <hwy/cache_control.h>

#include <algorithm>

#include "zeropoint/kernels/checks.h"
#include "zeropoint/kernels/streaming.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "zeropoint/kernels/dequantize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "zeropoint/kernels/simd-inl.h"

#ifndef ZP_KERNELS_DEQUANTIZE_CC_
#define ZP_KERNELS_DEQUANTIZE_CC_
namespace zp::kernels {

template <class Code>
struct DequantizeKernel {
  void (*span)(const Code* codes, float* to, size_t count, float scale, int32_t zero_point);
  // scales and zero_points have count elements.
  void (*row)(const Code* codes, float* to, size_t count, const float* scales,
              const int32_t* zero_points);
};
using DequantizeKernels =
    std::tuple<DequantizeKernel<uint8_t>, DequantizeKernel<int8_t>, DequantizeKernel<uint16_t>,
               DequantizeKernel<int16_t>, DequantizeKernel<int32_t>>;

}  // namespace zp::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace zp::kernels {
namespace HWY_NAMESPACE {

HWY_INLINE VF dequantized(VI codes, VF scale, VI zero_point) {
  return hn::Mul(hn::ConvertTo(DF(), hn::Sub(codes, zero_point)), scale);
}

template <Stores kStores, class Code>
HWY_INLINE void dequantize_vectors(const Code* HWY_RESTRICT codes, float* HWY_RESTRICT to,
                                   size_t count, float scale, int32_t zero_point) {
  const VF scales = hn::Set(DF(), scale);
  const VI zero_points = hn::Set(DI(), zero_point);
  const size_t lanes = hn::Lanes(DF());
  for (size_t i = 0; i + lanes <= count; i += lanes) {
    const VF x = dequantized(load_codes(codes + i), scales, zero_points);
    if constexpr (kStores == Stores::kStreamed) {
      hn::Stream(x, DF(), to + i);
    } else {
      hn::StoreU(x, DF(), to + i);
    }
  }
}

template <class Code>
HWY_INLINE void dequantize_rest(const Code* codes, float* to, size_t count, const float* scales,
                                const int32_t* zero_points, size_t stride) {
  for (size_t i = 0; i < count; ++i) {
    to[i] = static_cast<float>(int32_t{codes[i]} - zero_points[i * stride]) * scales[i * stride];
  }
}

template <class Code>
void dequantize_span(const Code* codes, float* to, size_t count, float scale, int32_t zero_point) {
  const size_t lanes = hn::Lanes(DF());
  if (streams(count * (sizeof(Code) + sizeof(float)))) {
    const size_t head = elements_to_alignment(to);
    dequantize_rest(codes, to, head, &scale, &zero_point, 0);
    dequantize_vectors<Stores::kStreamed>(codes + head, to + head, count - head, scale, zero_point);
    hwy::FlushStream();
    const size_t rest = (count - head) % lanes;
    dequantize_rest(codes + count - rest, to + count - rest, rest, &scale, &zero_point, 0);
    return;
  }
  dequantize_vectors<Stores::kCached>(codes, to, count, scale, zero_point);
  const size_t rest = count % lanes;
  dequantize_rest(codes + count - rest, to + count - rest, rest, &scale, &zero_point, 0);
}

template <class Code>
void dequantize_row(const Code* codes, float* to, size_t count, const float* scales,
                    const int32_t* zero_points) {
  const size_t lanes = hn::Lanes(DF());
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const VF x = dequantized(load_codes(codes + i), hn::LoadU(DF(), scales + i),
                             hn::LoadU(DI(), zero_points + i));
    hn::StoreU(x, DF(), to + i);
  }
  dequantize_rest(codes + i, to + i, count - i, scales + i, zero_points + i, 1);
}

template <class Code>
constexpr DequantizeKernel<Code> kDequantize{&dequantize_span<Code>, &dequantize_row<Code>};

DequantizeKernels dequantize_kernels() {
  return {kDequantize<uint8_t>, kDequantize<int8_t>, kDequantize<uint16_t>, kDequantize<int16_t>,
          kDequantize<int32_t>};
}

}  // namespace HWY_NAMESPACE
}  // namespace zp::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zp::kernels {
namespace {

HWY_EXPORT(dequantize_kernels);

template <class Code>
DequantizeKernel<Code> kernel() {
  return std::get<DequantizeKernel<Code>>(HWY_DYNAMIC_DISPATCH(dequantize_kernels)());
}

// Differences of 16-bit numbers are exact in int32 and float32; of int32 they might overflow.
template <class Code>
Status check_zero_point(int32_t zero_point) {
  if (sizeof(Code) < sizeof(int32_t) || zero_point == 0) return {};
  return invalid_argument(
      fmt::format("dequantize: zero point {} of int32: expected 0", zero_point));
}

}  // namespace

template <class Code>
Status dequantize(std::span<const Code> codes, std::span<float> x, const QuantParams& params) {
  ZP_RETURN_IF_ERROR(check(params));
  ZP_RETURN_IF_ERROR(check_holds<Code>(params.type));
  ZP_RETURN_IF_ERROR(check_zero_point<Code>(params.zero_point));
  ZP_RETURN_IF_ERROR(check_same_size("dequantize", codes.size(), x.size()));
  kernel<Code>().span(codes.data(), x.data(), x.size(), params.scale, params.zero_point);
  return {};
}

template <class Code>
Status dequantize(std::span<const Code> codes, std::span<float> x, const TensorParams& params) {
  ZP_RETURN_IF_ERROR(check(params));
  ZP_RETURN_IF_ERROR(check_holds<Code>(params.type));
  for (const int32_t zero_point : params.zero_points) {
    ZP_RETURN_IF_ERROR(check_zero_point<Code>(zero_point));
  }
  ZP_RETURN_IF_ERROR(check_same_size("dequantize", codes.size(), x.size(), params.layout));
  const auto to = kernel<Code>();
  for_each_run(
      params.layout,
      [&](const Run& run) {
        const QuantParams own = params.at(run.params_index);
        to.span(codes.data() + run.offset, x.data() + run.offset, static_cast<size_t>(run.count),
                own.scale, own.zero_point);
      },
      [&](const Run& run) {
        to.row(codes.data() + run.offset, x.data() + run.offset, static_cast<size_t>(run.count),
               params.scales.data() + run.params_index,
               params.zero_points.data() + run.params_index);
      });
  return {};
}

#define ZP_INSTANTIATE(Code)                                                               \
  template Status dequantize(std::span<const Code>, std::span<float>, const QuantParams&); \
  template Status dequantize(std::span<const Code>, std::span<float>, const TensorParams&)
ZP_INSTANTIATE(uint8_t);
ZP_INSTANTIATE(int8_t);
ZP_INSTANTIATE(uint16_t);
ZP_INSTANTIATE(int16_t);
ZP_INSTANTIATE(int32_t);
#undef ZP_INSTANTIATE

}  // namespace zp::kernels
#endif  // HWY_ONCE
