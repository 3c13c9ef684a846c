#include "bench/stream_loops.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bench/stream_loops.cc"
#include <hwy/foreach_target.h>
// foreach_target must come first.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zp::bench::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<uint32_t>;
using V = hn::Vec<D>;

template <Store kStore>
HWY_INLINE void put(V value, uint32_t* to) {
  if constexpr (kStore == Store::kStreaming) {
    hn::Stream(value, D(), to);
  } else {
    hn::Store(value, D(), to);
  }
}

// kIn vectors read and kOut written a step; the larger of the two is 4.
template <size_t kIn, size_t kOut, Store kStore>
void move_steps(const uint32_t* HWY_RESTRICT in, uint32_t* HWY_RESTRICT out, size_t words) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < words; i += kIn * lanes, in += kIn * lanes, out += kOut * lanes) {
    const V a = hn::Load(d, in);
    const V b = kIn > 1 ? hn::Load(d, in + lanes) : a;
    const V c = kIn > 2 ? hn::Load(d, in + 2 * lanes) : a;
    const V e = kIn > 2 ? hn::Load(d, in + 3 * lanes) : b;
    if constexpr (kOut == 1) {
      put<kStore>(hn::Or(hn::Or(a, b), hn::Or(c, e)), out);
    } else if constexpr (kOut == 2) {
      put<kStore>(hn::Or(a, c), out);
      put<kStore>(hn::Or(b, e), out + lanes);
    } else {
      put<kStore>(a, out);
      put<kStore>(b, out + lanes);
      put<kStore>(c, out + 2 * lanes);
      put<kStore>(e, out + 3 * lanes);
    }
  }
  if constexpr (kStore == Store::kStreaming) hwy::FlushStream();
}

template <Store kStore>
void move_as(const uint32_t* in, size_t in_words, uint32_t* out, size_t out_words) {
  if (in_words == 4 * out_words) return move_steps<4, 1, kStore>(in, out, in_words);
  if (in_words == 2 * out_words) return move_steps<4, 2, kStore>(in, out, in_words);
  if (in_words == out_words) return move_steps<4, 4, kStore>(in, out, in_words);
  if (2 * in_words == out_words) return move_steps<2, 4, kStore>(in, out, in_words);
  return move_steps<1, 4, kStore>(in, out, in_words);
}

void move_words(const uint32_t* in, size_t in_words, uint32_t* out, size_t out_words, Store store) {
  if (store == Store::kStreaming) {
    move_as<Store::kStreaming>(in, in_words, out, out_words);
  } else {
    move_as<Store::kRegular>(in, in_words, out, out_words);
  }
}

// `second` is where the other two of a step's four vectors come from.
uint32_t read_words(const uint32_t* first, const uint32_t* second, size_t steps, size_t stride) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  V a = hn::Zero(d), b = a, c = a, e = a;
  for (size_t i = 0; i < steps; ++i, first += stride, second += stride) {
    a = hn::Or(a, hn::Load(d, first));
    b = hn::Or(b, hn::Load(d, first + lanes));
    c = hn::Or(c, hn::Load(d, second));
    e = hn::Or(e, hn::Load(d, second + lanes));
  }
  const V all = hn::Or(hn::Or(a, b), hn::Or(c, e));
  uint32_t result = 0;
  for (size_t i = 0; i < lanes; ++i) result |= hn::ExtractLane(all, i);
  return result;
}

uint32_t read_either(const uint32_t* in, size_t words, Reading reading) {
  const size_t lanes = hn::Lanes(D());
  const size_t steps = words / (4 * lanes);
  if (reading == Reading::kTwoStreams) return read_words(in, in + words / 2, steps, 2 * lanes);
  return read_words(in, in + 2 * lanes, steps, 4 * lanes);
}

const char* target_name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace zp::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zp::bench {

HWY_EXPORT(move_words);
HWY_EXPORT(read_either);
HWY_EXPORT(target_name);

void move_bytes(std::span<const std::byte> in, std::span<std::byte> out, Store store) {
  HWY_DYNAMIC_DISPATCH(move_words)
  (reinterpret_cast<const uint32_t*>(in.data()), in.size() / 4,
   reinterpret_cast<uint32_t*>(out.data()), out.size() / 4, store);
}

uint32_t read_bytes(std::span<const std::byte> in, Reading reading) {
  return HWY_DYNAMIC_DISPATCH(read_either)(reinterpret_cast<const uint32_t*>(in.data()),
                                           in.size() / 4, reading);
}

std::string_view stream_loops_target() { return HWY_DYNAMIC_DISPATCH(target_name)(); }

}  // namespace zp::bench
#endif
