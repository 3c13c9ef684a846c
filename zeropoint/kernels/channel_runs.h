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
// at a time, so that every cache line is read once. The copies take kGroup * (kGathered + padding)
// floats, 66 KB.
template <class Body>
void for_each_channel_run(std::span<const float> x, const AxisSplit& split, Body body) {
  constexpr size_t kLongRun = 512;
  constexpr size_t kGathered = 1024;
  constexpr size_t kGroup = 16;  // channels: a cache line of floats where inner is 1
  // Channels apart by a power of two would share one set of the cache.
  constexpr size_t kStride = kGathered + 16;

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
  const size_t rows = kGathered / inner;
  for (size_t first = 0; first < channels; first += kGroup) {
    const size_t group = std::min(kGroup, channels - first);
    for (size_t begin = 0; begin < outer; begin += rows) {
      const size_t end = std::min(outer, begin + rows);
      for (size_t o = begin; o < end; ++o) {
        const float* const from = x.data() + (o * channels + first) * inner;
        for (size_t c = 0; c < group; ++c) {
          std::copy_n(from + c * inner, inner, gathered.data() + c * kStride + (o - begin) * inner);
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
