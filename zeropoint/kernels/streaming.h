// When results are written past the caches.
#pragma once

#include <cstddef>
#include <cstdint>

namespace zp::kernels {

enum class Stores { kCached, kStreamed };

// An ordinary store first reads the line that it will overwrite. Streaming stores do not, which
// pays once input and output together are beyond any last-level cache, and costs dearly below
// (docs/results.md).
inline constexpr size_t kStreamingBytes = size_t{96} << 20;

constexpr bool streams(size_t bytes_moved) { return bytes_moved >= kStreamingBytes; }

// How many elements are to be written before `to` reaches a cache line's start.
template <class T>
size_t elements_to_alignment(const T* to) {
  constexpr uintptr_t kLine = 64;
  return ((kLine - reinterpret_cast<uintptr_t>(to) % kLine) % kLine) / sizeof(T);
}

}  // namespace zp::kernels
