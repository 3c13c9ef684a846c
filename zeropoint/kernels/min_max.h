// The extremes of a span and what else one cheap look tells: how many NaN, infinities and zeros.
//
// Everything is decided on the bits of the floats. So subnormals count as what they are, whatever
// the processor's flush-to-zero mode, and the result does not depend on order: a minimum or maximum
// of zero is always +0.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <span>

namespace zp::kernels {

// MinMax is a value: merging those of two spans gives that of both together, in any order.
struct MinMax {
  static constexpr float kNone = std::numeric_limits<float>::infinity();

  uint64_t count = 0;  // elements of every kind
  uint64_t nan = 0;
  uint64_t positive_infinity = 0;
  uint64_t negative_infinity = 0;
  uint64_t zeros = 0;           // of both signs
  uint64_t negative_zeros = 0;  // those of them that are -0

  // Over the finite elements; kNone and -kNone where there are none.
  float min = kNone;
  float max = -kNone;
  // The smallest magnitude of a finite element that is not zero; kNone where there is none.
  float smallest_magnitude = kNone;

  uint64_t finite() const { return count - nan - positive_infinity - negative_infinity; }
  void merge(const MinMax& other);
  // One more element: the definition that the vectorized min_max() equals.
  void add(float x);

  friend bool operator==(const MinMax&, const MinMax&) = default;
};

// Equal to add() on each element, bit for bit on every target.
MinMax min_max(std::span<const float> x);

// An integer that orders as the floats do, -0 just below +0; NaN lie outside the infinities.
constexpr int32_t order_key(float x) {
  const auto bits = std::bit_cast<int32_t>(x);
  return bits ^ ((bits >> 31) & 0x7fffffff);
}
constexpr float from_order_key(int32_t key) {
  return std::bit_cast<float>(key ^ ((key >> 31) & 0x7fffffff));
}

}  // namespace zp::kernels
