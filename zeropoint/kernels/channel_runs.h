// Hands out a tensor channel by channel as contiguous runs, for kernels that take a span.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/base/tensor_view.h"

namespace zp::kernels {

// Calls body(channel, run) for runs that together hold every element of x once; x is laid out as
// split says. Where a channel lies in pieces shorter than kLongRun (channels last: single
// elements), the pieces of several rows are copied together first, a group of neighbouring channels
// at a time. The copies take at most 66 KB.
template <class Body>
void for_each_channel_run(std::span<const float> x, const AxisSplit& split, Body body) {
  constexpr size_t kLongRun = 512;
  constexpr size_t kGathered = 1024;
  constexpr size_t kGroup = 16;  // channels: a cache line of floats where inner is 1
  // Channels apart by a power of two would share one set of the cache.
  constexpr size_t kStride = kGathered + 16;
  // Rows are taken in blocks of so many floats, so that a block is read from memory once and from
  // the cache for every further group; but of no fewer than kFewest floats a channel.
  constexpr size_t kBlock = 65536;
  constexpr size_t kFewest = 128;

  const auto outer = static_cast<size_t>(split.outer);
  const auto channels = static_cast<size_t>(split.axis);
  const auto inner = static_cast<size_t>(split.inner);
  if (x.empty()) return;
  if (inner >= kLongRun || outer == 1) {
    for (size_t o = 0; o < outer; ++o) {
      for (size_t c = 0; c < channels; ++c) {
        body(static_cast<int64_t>(c), x.subspan((o * channels + c) * inner, inner));
      }
    }
    return;
  }

  std::vector<float> gathered(std::min(kGroup, channels) * kStride);
  const size_t rows = std::clamp(kBlock / channels, kFewest, kGathered) / inner;
  const size_t block_rows = std::max<size_t>(rows, 1);
  for (size_t begin = 0; begin < outer; begin += block_rows) {
    const size_t end = std::min(outer, begin + block_rows);
    for (size_t first = 0; first < channels; first += kGroup) {
      const size_t group = std::min(kGroup, channels - first);
      for (size_t o = begin; o < end; ++o) {
        const float* from = x.data() + (o * channels + first) * inner;
        float* to = gathered.data() + (o - begin) * inner;
        if (inner == 1) {  // not worth a call of memmove
          for (size_t c = 0; c < group; ++c) to[c * kStride] = from[c];
        } else {
          for (size_t c = 0; c < group; ++c) std::copy_n(from + c * inner, inner, to + c * kStride);
        }
      }
      for (size_t c = 0; c < group; ++c) {
        body(static_cast<int64_t>(first + c),
             std::span<const float>(gathered.data() + c * kStride, (end - begin) * inner));
      }
    }
  }
}

}  // namespace zp::kernels
