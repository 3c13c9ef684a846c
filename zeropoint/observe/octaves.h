// A histogram that needs no range: counts by octave, 128 equal buckets each, octaves allocated as
// they are met.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/kernels/histogram.h"
#include "zeropoint/kernels/min_max.h"

namespace zp {

// Counts of finite floats other than zero, keyed as kernels/histogram.h says, with 64-bit counts.
// An octave takes 1 KB; there are 510 of finite numbers, so at most 530 KB with room to grow.
class Octaves {
 public:
  // The finite elements of x that are not zero. A thread that adds spans of 4096 floats or more
  // keeps 1 MB of scratch memory.
  void add(std::span<const float> x);
  // value is finite and not zero.
  void add(float value, uint64_t count);
  // Adds an octave's counts; `octave` as in kernels/histogram.h, not 255 or 511.
  void add_octave(size_t octave, const kernels::OctaveCounts& counts);
  void merge(const Octaves& other);

  // The octaves that hold anything, ascending.
  std::vector<size_t> ids() const;
  const kernels::OctaveCounts& counts(size_t octave) const;

 private:
  size_t slot_of(size_t octave);
  void add_few(std::span<const float> x);
  // Moves the finite non-zero elements out of a table; `of_table` is the min_max of all that was
  // added to it. The table is then empty.
  void take(kernels::HistogramTable& table, const kernels::MinMax& of_table);

  // For each octave the index into counts_ of its counts, or kMissing. counts_[kIgnored] is where
  // zeros, infinities and NaN go, so that the loop over elements needs no branch for them.
  static constexpr uint16_t kMissing = 0xffff;
  static constexpr uint16_t kIgnored = 0;
  std::vector<uint16_t> slots_;
  std::vector<kernels::OctaveCounts> counts_;
};

}  // namespace zp
