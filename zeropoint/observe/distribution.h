// How the values of a tensor are distributed: which part of the number line holds how many.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/observe/exact_values.h"
#include "zeropoint/observe/octaves.h"

namespace zp {

// A multiset of finite floats other than zero. While it has at most ExactValues::kMaxValues
// different values they are kept exactly; with one more it turns into octaves of 128 buckets and
// stays so. Which of the two it is, and every count, depends on the multiset alone, never on the
// order in which it came together.
//
// Exact values make everything drawn from quantized, one-hot, integer-valued, constant or few data
// exact; the octaves are for the rest. Memory: at most 64 KB exact, at most 530 KB in octaves (1 KB
// an octave; a normal distribution of a million values has about 40).
class Distribution {
 public:
  // The finite elements of x that are not zero.
  void add(std::span<const float> x);
  void merge(const Distribution& other);

  bool is_exact() const { return exact_; }
  // Meaningful where is_exact() and where not, respectively.
  const ExactValues& values() const { return values_; }
  const Octaves& octaves() const { return octaves_; }

  // From what values() or octaves() of another one hold.
  static Distribution from_values(std::span<const ValueCount> values);
  static Distribution from_octaves(Octaves octaves);

 private:
  void turn_into_octaves();

  bool exact_ = true;
  ExactValues values_;
  Octaves octaves_;
};

}  // namespace zp
