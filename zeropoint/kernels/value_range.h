// The least that has to be known of every element of a tensor: between which ends the finite ones
// lie, and how many of the others there are. Less than MinMax and, in the cache, several times as
// fast where there are zeros.
#pragma once

#include <cstdint>
#include <span>

#include "zeropoint/kernels/min_max.h"

namespace zp::kernels {

// A value, as MinMax is; each field means what MinMax's of the same name does.
struct ValueRange {
  uint64_t count = 0;
  uint64_t nan = 0;
  uint64_t positive_infinity = 0;
  uint64_t negative_infinity = 0;
  float min = MinMax::kNone;
  float max = -MinMax::kNone;

  static ValueRange of(const MinMax& m);
  uint64_t finite() const { return count - nan - positive_infinity - negative_infinity; }
  void merge(const ValueRange& other);

  friend bool operator==(const ValueRange&, const ValueRange&) = default;
};

// Equal to ValueRange::of(min_max(x)), bit for bit on every target.
ValueRange value_range(std::span<const float> x);

}  // namespace zp::kernels
