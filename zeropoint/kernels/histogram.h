// Counts of floats by the top 16 bits of their own bits: the key is sign, exponent and the 7
// leading bits of the mantissa. So no range is needed beforehand, and each octave (the 128 keys
// with one sign and exponent) has 128 equal buckets, which are 2^-7 of its lower end wide.
//
//   key >> 7       the octave: 0 to 255 positive (by biased exponent), 256 to 511 negative
//   octave 0, 256  zero and the subnormals; +0 is in key 0, -0 in key 32768, each together with the
//                  magnitudes below 2^-133
//   octave 255, 511  infinities and NaN; a NaN whose payload lies in the lower 16 bits alone shares
//                  the key of the infinity
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/base/error.h"

namespace zp::kernels {

inline constexpr size_t kOctaves = 512;
inline constexpr size_t kOctaveBuckets = 128;
using OctaveCounts = std::array<uint64_t, kOctaveBuckets>;

// The counters of all 65536 keys, 32 bits each; 1 MB, of which only what the data's octaves need is
// touched. Meant as scratch memory that is used again and again: fill, drain, fill, ...
class HistogramTable {
 public:
  // A counter never overflows, as the table takes no more elements than this at a time.
  static constexpr uint64_t kMaxElements = UINT32_MAX;

  HistogramTable();

  // Counts every element of x. An error, and nothing counted, where elements() + x.size() would
  // exceed kMaxElements.
  Status add(std::span<const float> x);
  // The elements added and not yet drained.
  uint64_t elements() const { return elements_; }

  uint64_t count(uint16_t key) const;
  // Adds one octave's counters to counts and sets them to zero. Whether any was not zero.
  bool drain(size_t octave, OctaveCounts& counts);
  // All counters to zero.
  void clear();

 private:
  std::vector<uint32_t> counters_;
  uint64_t elements_ = 0;
};

}  // namespace zp::kernels
