#include "zeropoint/kernels/gram.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "zeropoint/kernels/gram.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "zeropoint/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zp::kernels {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR
// One pair of rows at a time.
struct VW {
  int32_t first;
  int32_t second;
};
HWY_INLINE VW load(const int16_t* pairs) { return {pairs[0], pairs[1]}; }
HWY_INLINE VW load_for_all(const int16_t* pair) { return load(pair); }

struct PairSum {
  int32_t sum;

  HWY_INLINE void clear() { sum = 0; }
  HWY_INLINE void add(VW a, VW b) { sum += a.first * b.first + a.second * b.second; }
  HWY_INLINE VI total() const { return hn::Set(DI(), sum); }
};
#else
using DW = hn::Repartition<int16_t, DI>;
using VW = hn::Vec<DW>;
HWY_INLINE VW load(const int16_t* pairs) { return hn::LoadU(DW(), pairs); }
HWY_INLINE VW load_for_all(const int16_t* pair) {
  int32_t bits = 0;
  hwy::CopyBytes<4>(pair, &bits);
  return hn::BitCast(DW(), hn::Set(DI(), bits));
}

// A sum of int32 for each pair, in the two parts that every target has.
struct PairSum {
  VI even;
  VI odd;

  // No initializers in the class: g++ makes its constructor for no vector unit.
  HWY_INLINE void clear() { even = odd = hn::Zero(DI()); }
  HWY_INLINE void add(VW a, VW b) { even = hn::ReorderWidenMulAccumulate(DI(), a, b, even, odd); }
  HWY_INLINE VI total() const { return hn::RearrangeToOddPlusEven(even, odd); }
};
#endif

HWY_INLINE void store(VI sum, int64_t count, int32_t* out) {
  const DI d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  if (count >= lanes) return hn::StoreU(sum, d, out);
  HWY_ALIGN int32_t last[hn::MaxLanes(DI())];
  hn::Store(sum, d, last);
  std::copy(last, last + count, out);
}

// kRows rows of the result, two vectors wide.
template <int kRows>
void gram_tile(const int16_t* a, int64_t a_step, const int16_t* b, int64_t b_step, int64_t pairs,
               int64_t count, int32_t* out, int64_t out_step) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(DI()));
  PairSum left[kRows];
  PairSum right[kRows];
  for (int i = 0; i < kRows; ++i) {
    left[i].clear();
    right[i].clear();
  }
  for (int64_t r = 0; r < pairs; ++r, a += a_step, b += b_step) {
    const VW b0 = load(b);
    const VW b1 = load(b + 2 * lanes);
    for (int i = 0; i < kRows; ++i) {
      const VW x = load_for_all(a + 2 * i);
      left[i].add(x, b0);
      right[i].add(x, b1);
    }
  }
  for (int i = 0; i < kRows; ++i) {
    store(left[i].total(), count, out + i * out_step);
    if (count > lanes) store(right[i].total(), count - lanes, out + i * out_step + lanes);
  }
}

void gram(const PairedRows& a, Columns of_a, const PairedRows& b, Columns of_b, int32_t* out) {
  const int64_t pairs = (a.rows + 1) / 2;
  const int64_t width = of_b.end - of_b.begin;
  const int64_t step = 2 * static_cast<int64_t>(hn::Lanes(DI()));
  constexpr int kTile = 4;
  for (int64_t j = 0; j < width; j += step) {
    const int16_t* from_b = b.data.data() + 2 * (of_b.begin + j);
    const int64_t count = std::min(step, width - j);
    for (int64_t i = of_a.begin; i < of_a.end;) {
      const int16_t* from_a = a.data.data() + 2 * i;
      int32_t* to = out + (i - of_a.begin) * width + j;
      if (of_a.end - i >= kTile) {
        gram_tile<kTile>(from_a, 2 * a.columns, from_b, 2 * b.columns, pairs, count, to, width);
        i += kTile;
      } else {
        gram_tile<1>(from_a, 2 * a.columns, from_b, 2 * b.columns, pairs, count, to, width);
        ++i;
      }
    }
  }
}

void gram_of_channels(const PairedRows& a, const PairedRows& b, int64_t taps, int64_t channels,
                      int32_t* out) {
  const int64_t pairs = (a.rows + 1) / 2;
  const auto lanes = static_cast<int64_t>(hn::Lanes(DI()));
  for (int64_t c = 0; c < channels; c += lanes) {
    for (int64_t i = 0; i < taps; ++i) {
      for (int64_t j = 0; j < taps; ++j) {
        const int16_t* x = a.data.data() + 2 * (i * channels + c);
        const int16_t* y = b.data.data() + 2 * (j * channels + c);
        PairSum sum;
        sum.clear();
        for (int64_t r = 0; r < pairs; ++r, x += 2 * a.columns, y += 2 * b.columns) {
          sum.add(load(x), load(y));
        }
        store(sum.total(), channels - c, out + (i * taps + j) * channels + c);
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace zp::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zp::kernels {
namespace {

HWY_EXPORT(gram);
HWY_EXPORT(gram_of_channels);

}  // namespace

void gram(const PairedRows& a, Columns of_a, const PairedRows& b, Columns of_b,
          std::span<int32_t> out) {
  HWY_DYNAMIC_DISPATCH(gram)(a, of_a, b, of_b, out.data());
}

void gram_of_channels(const PairedRows& a, const PairedRows& b, int64_t taps, int64_t channels,
                      std::span<int32_t> out) {
  HWY_DYNAMIC_DISPATCH(gram_of_channels)(a, b, taps, channels, out.data());
}

}  // namespace zp::kernels
#endif
