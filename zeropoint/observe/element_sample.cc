#include "zeropoint/observe/element_sample.h"

#include <algorithm>
#include <cstddef>

namespace zp {
namespace {

constexpr size_t kAhead = 4;  // positions

// 32 bits that look drawn at random (the finishing steps of MurmurHash3).
uint32_t scrambled(size_t k) {
  auto bits = static_cast<uint32_t>(k) * 0x9e3779b1U;
  bits = (bits ^ bits >> 16) * 0x85ebca6bU;
  bits = (bits ^ bits >> 13) * 0xc2b2ae35U;
  return bits ^ bits >> 16;
}

// `distance` floats on from `from`; an address past the end does no harm.
void prefetch(const float* from, size_t distance, size_t count) {
  constexpr uintptr_t kLine = 64;
  const auto begin = reinterpret_cast<uintptr_t>(from) + distance * sizeof(float);
  for (uintptr_t at = begin; at < begin + count * sizeof(float); at += kLine) {
    __builtin_prefetch(reinterpret_cast<const void*>(at));
  }
}

}  // namespace

int64_t sampled_positions(const AxisSplit& split) {
  const int64_t all = split.outer * split.inner;
  if (all * split.axis <= kMostElements) return all;
  // An odd number: a channel's elements go so many floats apart, and at a distance of a power of
  // two they would fight for a few places in the cache.
  return std::min(all, (std::max(kMostElements / split.axis, kFewestPositions) - 1) | 1);
}

std::span<const float> sample_elements(std::span<const float> x, const AxisSplit& split, int64_t n,
                                       std::vector<float>& room) {
  const auto channels = static_cast<size_t>(split.axis);
  const auto inner = static_cast<size_t>(split.inner);
  const auto count = static_cast<size_t>(n);
  const auto all = static_cast<size_t>(split.outer) * inner;
  const size_t part = all / count;
  room.resize(channels * count);
  // k * all / n step by step: the product could overflow.
  size_t begin = 0;
  size_t rest = 0;
  for (size_t k = 0; k < count; ++k) {
    const size_t position = begin + static_cast<size_t>(uint64_t{scrambled(k)} * part >> 32);
    const float* from = x.data() + position / inner * channels * inner + position % inner;
    float* to = room.data() + k;
    // Too far apart for the processor to see where this goes.
    prefetch(from, kAhead * part * channels, inner == 1 ? channels : 1);
    for (size_t c = 0; c < channels; ++c) to[c * count] = from[c * inner];
    begin += part;
    rest += all % count;
    if (rest >= count) {
      rest -= count;
      ++begin;
    }
  }
  return room;
}

}  // namespace zp
