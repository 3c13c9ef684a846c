#include "zeropoint/observe/octaves.h"

#include <algorithm>
#include <bit>

namespace zp {
namespace {

using kernels::kOctaveBuckets;
using kernels::kOctaves;
using kernels::OctaveCounts;

constexpr size_t kNegative = 256;   // the first octave of negative numbers
constexpr size_t kNotFinite = 255;  // the octave of infinities and NaN, and kNegative + 255
constexpr size_t kForTable = 4096;
constexpr size_t kMostForTable = size_t{1} << 31;
constexpr uint32_t kMagnitude = 0x7fffffff;

size_t octave_of(float value) { return std::bit_cast<uint32_t>(value) >> 23; }

bool holds_anything(const OctaveCounts& counts) {
  return std::any_of(counts.begin(), counts.end(), [](uint64_t count) { return count != 0; });
}

}  // namespace

size_t Octaves::slot_of(size_t octave) {
  if (slots_.empty()) {
    slots_.assign(kOctaves, kMissing);
    slots_[kNotFinite] = slots_[kNegative + kNotFinite] = kIgnored;
    counts_.resize(1);
  }
  if (slots_[octave] == kMissing) {
    // A few at a time rather than twice as many, so that the bound on the memory holds.
    if (counts_.size() == counts_.capacity()) counts_.reserve(counts_.size() + 16);
    slots_[octave] = static_cast<uint16_t>(counts_.size());
    counts_.emplace_back();
  }
  return slots_[octave];
}

void Octaves::add(std::span<const float> x) {
  // The table pays once the time to look through its octaves is small beside the counting.
  if (x.size() < kForTable) return add_few(x);
  thread_local kernels::HistogramTable table;
  for (size_t begin = 0; begin < x.size(); begin += kMostForTable) {
    const auto part = x.subspan(begin, std::min(kMostForTable, x.size() - begin));
    if (table.add(part)) take(table, kernels::min_max(part));
  }
}

void Octaves::add_few(std::span<const float> x) {
  if (x.empty()) return;
  if (slots_.empty()) slot_of(kNotFinite);
  for (const float value : x) {
    const auto bits = std::bit_cast<uint32_t>(value);
    const bool zero = (bits & kMagnitude) == 0;
    size_t slot = zero ? kIgnored : slots_[bits >> 23];
    if (slot == kMissing) slot = slot_of(bits >> 23);
    ++counts_[slot][(bits >> 16) % kOctaveBuckets];
  }
}

void Octaves::add(float value, uint64_t count) {
  const auto bits = std::bit_cast<uint32_t>(value);
  counts_[slot_of(bits >> 23)][(bits >> 16) % kOctaveBuckets] += count;
}

void Octaves::take(kernels::HistogramTable& table, const kernels::MinMax& of_table) {
  const auto take_octave = [&](size_t octave, uint64_t zeros) {
    OctaveCounts& counts = counts_[slot_of(octave)];
    table.drain(octave, counts);
    counts[0] -= zeros;
  };
  // Only the octaves between the smallest and the largest magnitude can hold anything.
  const auto take_sign = [&](size_t sign, float largest, uint64_t zeros) {
    const bool subnormals = octave_of(of_table.smallest_magnitude) == 0;
    if (zeros > 0 || subnormals) take_octave(sign, zeros);
    if (of_table.finite() < of_table.count) take_octave(sign + kNotFinite, 0);
    const size_t last = octave_of(largest);
    for (size_t octave = std::max<size_t>(octave_of(of_table.smallest_magnitude), 1);
         octave <= last; ++octave) {
      take_octave(sign + octave, 0);
    }
  };
  const bool any = of_table.finite() > 0;
  take_sign(0, any && of_table.max > 0 ? of_table.max : 0,
            of_table.zeros - of_table.negative_zeros);
  take_sign(kNegative, any && of_table.min < 0 ? -of_table.min : 0, of_table.negative_zeros);
}

void Octaves::add_octave(size_t octave, const OctaveCounts& counts) {
  OctaveCounts& own = counts_[slot_of(octave)];
  for (size_t i = 0; i < kOctaveBuckets; ++i) own[i] += counts[i];
}

void Octaves::merge(const Octaves& other) {
  for (const size_t octave : other.ids()) add_octave(octave, other.counts(octave));
}

std::vector<size_t> Octaves::ids() const {
  std::vector<size_t> ids;
  for (size_t octave = 0; octave < slots_.size(); ++octave) {
    const uint16_t slot = slots_[octave];
    if (slot == kMissing || slot == kIgnored || !holds_anything(counts_[slot])) continue;
    ids.push_back(octave);
  }
  return ids;
}

const OctaveCounts& Octaves::counts(size_t octave) const { return counts_[slots_[octave]]; }

}  // namespace zp
