// Vector helpers that the kernels share; included once for each Highway target.
#if defined(ZP_KERNELS_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ZP_KERNELS_SIMD_INL_H_
#undef ZP_KERNELS_SIMD_INL_H_
#else
#define ZP_KERNELS_SIMD_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "zeropoint/kernels/streaming.h"

HWY_BEFORE_NAMESPACE();
namespace zp::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;
using DI = hn::RebindToSigned<DF>;
using VF = hn::Vec<DF>;
using VI = hn::Vec<DI>;

// The x86 targets, whose conversions and packs the kernels use directly where Highway's portable
// forms do more than is needed. SSSE3 is the lowest of them; EMU128 and SCALAR are portable code.
#undef ZP_X86_SIMD
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || \
    HWY_TARGET == HWY_SSSE3
#define ZP_X86_SIMD 1
#else
#define ZP_X86_SIMD 0
#endif

// max(v, low), and low where v is NaN. x86 returns the second operand for NaN and Arm the number;
// the portable targets need it spelt out.
HWY_INLINE VF max_or_if_nan(VF v, VF low) {
#if ZP_X86_SIMD
  return hn::Max(v, low);
#else
  return hn::IfThenElse(hn::Gt(v, low), v, low);
#endif
}

// min(v, high); NaN stays NaN on x86, whose min returns its second operand then.
HWY_INLINE VF min_keeping_nan(VF v, VF high) { return hn::Min(high, v); }

// Round half to even; v < 2^31. What is below -2^31, or NaN on x86, gives INT32_MIN. Highway's
// NearestInt would also mend overflow upwards, which costs two more instructions.
HWY_INLINE VI round_half_even(VF v) {
#if HWY_TARGET == HWY_AVX3
  return VI{_mm512_cvtps_epi32(v.raw)};
#elif HWY_TARGET == HWY_AVX2
  return VI{_mm256_cvtps_epi32(v.raw)};
#elif ZP_X86_SIMD
  return VI{_mm_cvtps_epi32(v.raw)};
#else
  return hn::NearestInt(v);
#endif
}

// Towards zero, otherwise as round_half_even.
HWY_INLINE VI truncate(VF v) {
#if HWY_TARGET == HWY_AVX3
  return VI{_mm512_cvttps_epi32(v.raw)};
#elif HWY_TARGET == HWY_AVX2
  return VI{_mm256_cvttps_epi32(v.raw)};
#elif ZP_X86_SIMD
  return VI{_mm_cvttps_epi32(v.raw)};
#else
  return hn::ConvertTo(DI(), v);
#endif
}

// Round half away from zero; v < 2^22, otherwise as round_half_even. 0.49999997 is the largest
// float below one half: adding one half itself would carry 0.49999997 over to 1.
HWY_INLINE VI round_half_away(VF v) {
  const DF d;
  return truncate(hn::Add(v, hn::CopySign(hn::Set(d, 0.49999997f), v)));
}

// Stores Lanes(DI()) codes, which must be in the range of Code.
template <class Code>
HWY_INLINE void store_codes(VI codes, Code* HWY_RESTRICT to) {
  const hn::Rebind<Code, DI> d;
  hn::StoreU(hn::DemoteTo(d, codes), d, to);
}

// Whether what takes the steps saturates them downwards by itself.
enum class LowEnd { kClamped, kSaturatedLater };

#if ZP_X86_SIMD
// The packs work within 128-bit lanes; these put their results in order. After one pack pairs of
// dwords are out of order, after two dwords are.
template <class V>
HWY_INLINE V order_after_one_pack(V v) {
#if HWY_TARGET == HWY_AVX3
  return V{_mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), v.raw)};
#elif HWY_TARGET == HWY_AVX2
  return V{_mm256_permute4x64_epi64(v.raw, 0b11011000)};
#else
  return v;
#endif
}
template <class V>
HWY_INLINE V order_after_two_packs(V v) {
#if HWY_TARGET == HWY_AVX3
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return V{_mm512_permutexvar_epi32(order, v.raw)};
#elif HWY_TARGET == HWY_AVX2
  return V{_mm256_permutevar8x32_epi32(v.raw, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))};
#else
  return v;
#endif
}

// Two vectors of int16 to bytes with saturation, out of order.
template <class Code>
HWY_INLINE auto pack_bytes(hn::Vec<hn::Repartition<int16_t, DI>> a,
                           hn::Vec<hn::Repartition<int16_t, DI>> b) {
  constexpr bool kSigned = std::is_signed_v<Code>;
  using V = hn::Vec<hn::Repartition<Code, DI>>;
#if HWY_TARGET == HWY_AVX3
  return V{kSigned ? _mm512_packs_epi16(a.raw, b.raw) : _mm512_packus_epi16(a.raw, b.raw)};
#elif HWY_TARGET == HWY_AVX2
  return V{kSigned ? _mm256_packs_epi16(a.raw, b.raw) : _mm256_packus_epi16(a.raw, b.raw)};
#else
  return V{kSigned ? _mm_packs_epi16(a.raw, b.raw) : _mm_packus_epi16(a.raw, b.raw)};
#endif
}
#endif

// What turns four vectors of rounded steps into 4 * Lanes(DI()) codes and stores them. On x86 the
// bytes are packed with saturation, so for qmin = the lowest Code a step may be anything that does
// not exceed qmax - zero_point, INT32_MIN included; otherwise steps must lie between qmin -
// zero_point and qmax - zero_point.
template <class Code>
class CodeStore {
 public:
  using Element = Code;
  static constexpr bool kCanStream = ZP_X86_SIMD;
  static constexpr bool kSaturates = ZP_X86_SIMD && sizeof(Code) == 1;
  static constexpr bool kInPlace = false;  // whether x may be overwritten

  // Whether steps below qmin - zero_point become qmin here.
  static constexpr bool saturates_at(int32_t qmin) {
    return kSaturates && qmin == std::numeric_limits<Code>::min();
  }

  explicit CodeStore(int32_t zero_point)
      : zero_point_(hn::Set(DI(), zero_point)),
        biased_zero_point_(hn::Set(DI(), zero_point - kBias)),
        zero_point16_(hn::Set(D16(), static_cast<hn::TFromD<D16>>(zero_point))) {}

  // kStreamed only with kCanStream; `to` is then aligned to a vector.
  template <Stores kStores>
  HWY_INLINE void store(VI a, VI b, VI c, VI d, Code* HWY_RESTRICT to) const {
    const size_t lanes = hn::Lanes(DI());
#if ZP_X86_SIMD
    if constexpr (sizeof(Code) == 1) {
      const auto low = hn::SaturatedAdd(hn::ReorderDemote2To(D16(), a, b), zero_point16_);
      const auto high = hn::SaturatedAdd(hn::ReorderDemote2To(D16(), c, d), zero_point16_);
      put<kStores>(order_after_two_packs(pack_bytes<Code>(low, high)), to);
    } else {
      put<kStores>(pack_words(a, b), to);
      put<kStores>(pack_words(c, d), to + 2 * lanes);
    }
#else
    store_codes(hn::Add(a, zero_point_), to);
    store_codes(hn::Add(b, zero_point_), to + lanes);
    store_codes(hn::Add(c, zero_point_), to + 2 * lanes);
    store_codes(hn::Add(d, zero_point_), to + 3 * lanes);
#endif
  }

  // One vector whose lanes have their own zero points.
  static HWY_INLINE void store_row(VI steps, VF /*scale*/, VI zero_point, Code* HWY_RESTRICT to) {
    store_codes(hn::Add(steps, zero_point), to);
  }

 private:
  using DC = hn::Repartition<Code, DI>;
  // The portable targets have no int16 vector of this size, nor need one.
  using D16 = std::conditional_t<ZP_X86_SIMD, hn::Repartition<int16_t, DI>, DI>;
  // uint16 codes pass through int16, the only words that dwords pack to on all of x86.
  static constexpr int32_t kBias = std::is_same_v<Code, uint16_t> ? 32768 : 0;

#if ZP_X86_SIMD
  HWY_INLINE hn::Vec<DC> pack_words(VI a, VI b) const {
    const auto words = order_after_one_pack(hn::ReorderDemote2To(
        D16(), hn::Add(a, biased_zero_point_), hn::Add(b, biased_zero_point_)));
    return hn::Xor(hn::BitCast(DC(), words), hn::Set(DC(), static_cast<Code>(kBias)));
  }
  template <Stores kStores>
  static HWY_INLINE void put(hn::Vec<DC> codes, Code* HWY_RESTRICT to) {
    if constexpr (kStores == Stores::kStreamed) {
      hn::Stream(codes, DC(), to);
    } else {
      hn::StoreU(codes, DC(), to);
    }
  }
#endif

  VI zero_point_, biased_zero_point_;
  hn::Vec<D16> zero_point16_;
};

// Loads Lanes(DI()) codes as int32.
template <class Code>
HWY_INLINE VI load_codes(const Code* HWY_RESTRICT from) {
  const auto codes = hn::LoadU(hn::Rebind<Code, DI>(), from);
  if constexpr (sizeof(Code) == sizeof(int32_t)) {
    return codes;
  } else {
    return hn::PromoteTo(DI(), codes);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace zp::kernels
HWY_AFTER_NAMESPACE();

#endif
