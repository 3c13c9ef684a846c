#include "zeropoint/kernels/histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

// Plain code: an increment is a load and a store at an address that the data gives, which no
// vector instruction does faster than one each cycle.
//
// Four tables take turns. With one, a value that comes again before its last increment has been
// stored makes the processor wait, or worse, guess wrong. Nanoseconds an element in L2, Zen 4 at
// 3.7 GHz, g++ 12 (one increment a cycle is 0.27):
//
//   tables                        1     2     4     8
//   normal                      0.28  0.28  0.30  0.32
//   normal, negatives set to 0  0.86  0.46  0.31  0.29
//   the same, cut at 6          0.87  0.48  0.32  0.29
//   one value                   0.27  0.28  0.28  0.28
//   k / 255                     0.28  0.28  0.28  0.29
//   runs of 64 equal values     0.34  0.31  0.29  0.29
//   log-normal, sigma 3         0.28  0.28  0.31  0.37
namespace zp::kernels {
namespace {

constexpr size_t kKeys = kOctaves * kOctaveBuckets;
constexpr size_t kTables = 4;
// Nine cache lines more than the keys need: at a distance of a multiple of 4096 bytes the
// processor would take one table's store for the other's (0.55 for runs of equal values).
constexpr size_t kTableStride = kKeys + 9 * 16;

uint32_t key_of(float x) { return std::bit_cast<uint32_t>(x) >> 16; }

// The increments keep the processor so busy that it asks for new data too late: in memory 0.48
// nanoseconds an element with this, 0.72 without. An address past the end does no harm.
void prefetch(const float* x) {
  constexpr uintptr_t kAhead = 2048;
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(x) + kAhead));
}

}  // namespace

HistogramTable::HistogramTable() : counters_(kTables * kTableStride) {}

Status HistogramTable::add(std::span<const float> x) {
  if (x.size() > kMaxElements - elements_) {
    return invalid_argument(fmt::format(
        "histogram: {} elements after {}: at most {} fit its 32-bit counters; drain and clear it",
        x.size(), elements_, kMaxElements));
  }
  elements_ += x.size();
  uint32_t* const counters = counters_.data();
  size_t i = 0;
  for (; i + 8 <= x.size(); i += 8) {
    prefetch(x.data() + i);
    for (size_t j = 0; j < 8; ++j) {
      ++counters[(j % kTables) * kTableStride + key_of(x[i + j])];
    }
  }
  for (; i < x.size(); ++i) ++counters[key_of(x[i])];
  return {};
}

uint64_t HistogramTable::count(uint16_t key) const {
  uint64_t sum = 0;
  for (size_t table = 0; table < kTables; ++table) sum += counters_[table * kTableStride + key];
  return sum;
}

bool HistogramTable::drain(size_t octave, OctaveCounts& counts) {
  // No sum exceeds the elements of the table, which fit 32 bits.
  std::array<uint32_t, kOctaveBuckets> sums{};
  for (size_t table = 0; table < kTables; ++table) {
    uint32_t* const from = counters_.data() + table * kTableStride + octave * kOctaveBuckets;
    for (size_t i = 0; i < kOctaveBuckets; ++i) sums[i] += from[i];
    std::fill_n(from, kOctaveBuckets, 0u);
  }
  uint32_t sum = 0;
  for (size_t i = 0; i < kOctaveBuckets; ++i) {
    sum += sums[i];
    counts[i] += sums[i];
  }
  elements_ -= sum;
  return sum != 0;
}

void HistogramTable::clear() {
  std::fill(counters_.begin(), counters_.end(), 0u);
  elements_ = 0;
}

}  // namespace zp::kernels
