#include "zeropoint/kernels/pack4.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "zeropoint/kernels/pack4.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zp::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// What is added to a signed code so that the valid ones become 0 .. 15.
template <class Code>
constexpr int kBias = std::is_signed_v<Code> ? 8 : 0;

// Whether all codes were in range.
template <class Code>
HWY_INLINE bool pack_all(const Code* HWY_RESTRICT codes, uint8_t* HWY_RESTRICT packed,
                         size_t pairs) {
  uint32_t outside = 0;
  size_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<uint16_t> d16;
  const hn::Repartition<uint8_t, decltype(d16)> d8;
  const hn::Half<decltype(d8)> d8_half;
  const hn::RebindToSigned<decltype(d16)> d16_signed;
  const size_t step = hn::Lanes(d16);
  const auto low_halves = hn::Set(d8, 0x0f);
  const auto bias = hn::Set(d8, kBias<Code>);
  auto any_high = hn::Zero(d8);
  for (; i + step <= pairs; i += step) {
    const auto bytes = hn::LoadU(d8, reinterpret_cast<const uint8_t*>(codes) + 2 * i);
    any_high = hn::Or(any_high, hn::Add(bytes, bias));
    const auto halves = hn::BitCast(d16, hn::And(bytes, low_halves));
    // Little-endian: the second code of a pair lies 8 bits up and belongs 4 bits up.
    const auto pair = hn::And(hn::Or(halves, hn::ShiftRight<4>(halves)), hn::Set(d16, 0xff));
    hn::StoreU(hn::DemoteTo(d8_half, hn::BitCast(d16_signed, pair)), d8_half, packed + i);
  }
  outside = hn::AllTrue(d8, hn::Eq(hn::AndNot(low_halves, any_high), hn::Zero(d8))) ? 0 : 1;
#endif
  for (; i < pairs; ++i) {
    const int low = codes[2 * i];
    const int high = codes[2 * i + 1];
    outside |= static_cast<uint32_t>((low + kBias<Code>) | (high + kBias<Code>)) & ~15u;
    packed[i] = static_cast<uint8_t>((low & 15) | (high & 15) << 4);
  }
  return outside == 0;
}

template <class Code>
HWY_INLINE void unpack_all(const uint8_t* HWY_RESTRICT packed, Code* HWY_RESTRICT codes,
                           size_t pairs) {
  size_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<uint16_t> d16;
  const hn::Repartition<uint8_t, decltype(d16)> d8;
  const hn::Half<decltype(d8)> d8_half;
  const size_t step = hn::Lanes(d16);
  const auto low_halves = hn::Set(d8, 0x0f);
  const auto sign = hn::Set(d8, kBias<Code>);
  for (; i + step <= pairs; i += step) {
    const auto pair = hn::PromoteTo(d16, hn::LoadU(d8_half, packed + i));
    const auto spread = hn::BitCast(d8, hn::Or(pair, hn::ShiftLeft<4>(pair)));
    const auto halves = hn::And(spread, low_halves);
    // (h ^ 8) - 8 extends the sign of four bits.
    hn::StoreU(hn::Sub(hn::Xor(halves, sign), sign), d8, reinterpret_cast<uint8_t*>(codes) + 2 * i);
  }
#endif
  for (; i < pairs; ++i) {
    codes[2 * i] = static_cast<Code>(((packed[i] & 15) ^ kBias<Code>)-kBias<Code>);
    codes[2 * i + 1] = static_cast<Code>(((packed[i] >> 4) ^ kBias<Code>)-kBias<Code>);
  }
}

bool pack_u4(const uint8_t* codes, uint8_t* packed, size_t pairs) {
  return pack_all(codes, packed, pairs);
}
bool pack_s4(const int8_t* codes, uint8_t* packed, size_t pairs) {
  return pack_all(codes, packed, pairs);
}
void unpack_u4(const uint8_t* packed, uint8_t* codes, size_t pairs) {
  unpack_all(packed, codes, pairs);
}
void unpack_s4(const uint8_t* packed, int8_t* codes, size_t pairs) {
  unpack_all(packed, codes, pairs);
}

}  // namespace HWY_NAMESPACE
}  // namespace zp::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zp::kernels {
namespace {

HWY_EXPORT(pack_u4);
HWY_EXPORT(pack_s4);
HWY_EXPORT(unpack_u4);
HWY_EXPORT(unpack_s4);

bool pack(const uint8_t* codes, uint8_t* packed, size_t pairs) {
  return HWY_DYNAMIC_DISPATCH(pack_u4)(codes, packed, pairs);
}
bool pack(const int8_t* codes, uint8_t* packed, size_t pairs) {
  return HWY_DYNAMIC_DISPATCH(pack_s4)(codes, packed, pairs);
}
void unpack(const uint8_t* packed, uint8_t* codes, size_t pairs) {
  HWY_DYNAMIC_DISPATCH(unpack_u4)(packed, codes, pairs);
}
void unpack(const uint8_t* packed, int8_t* codes, size_t pairs) {
  HWY_DYNAMIC_DISPATCH(unpack_s4)(packed, codes, pairs);
}

template <class Code>
constexpr int kLowest = std::is_signed_v<Code> ? -8 : 0;

template <class Code>
bool is_code(Code code) {
  return kLowest<Code> <= code && code <= kLowest<Code> + 15;
}

Status check_sizes(const char* operation, size_t codes, size_t packed) {
  if (packed == (codes + 1) / 2) return {};
  return invalid_argument(fmt::format("{}: {} codes take {} bytes, but {} are given", operation,
                                      codes, (codes + 1) / 2, packed));
}

}  // namespace

template <class Code>
Status pack4(std::span<const Code> codes, std::span<uint8_t> packed) {
  ZP_RETURN_IF_ERROR(check_sizes("pack4", codes.size(), packed.size()));
  const bool odd = codes.size() % 2 != 0;
  if (!pack(codes.data(), packed.data(), codes.size() / 2) || (odd && !is_code(codes.back()))) {
    const auto first = std::find_if_not(codes.begin(), codes.end(), is_code<Code>);
    return invalid_argument(fmt::format("pack4: code {} at index {}: expected one in [{}, {}]",
                                        int{*first}, first - codes.begin(), kLowest<Code>,
                                        kLowest<Code> + 15));
  }
  if (odd) packed.back() = static_cast<uint8_t>(codes.back() & 15);
  return {};
}

template <class Code>
Status unpack4(std::span<const uint8_t> packed, std::span<Code> codes) {
  ZP_RETURN_IF_ERROR(check_sizes("unpack4", codes.size(), packed.size()));
  unpack(packed.data(), codes.data(), codes.size() / 2);
  if (codes.size() % 2 != 0) {
    const int low = packed.back() & 15;
    codes.back() = static_cast<Code>(low > kLowest<Code> + 15 ? low - 16 : low);
  }
  return {};
}

template Status pack4(std::span<const uint8_t>, std::span<uint8_t>);
template Status pack4(std::span<const int8_t>, std::span<uint8_t>);
template Status unpack4(std::span<const uint8_t>, std::span<uint8_t>);
template Status unpack4(std::span<const uint8_t>, std::span<int8_t>);

}  // namespace zp::kernels
#endif  // HWY_ONCE
