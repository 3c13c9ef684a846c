#include "zeropoint/observe/distribution.h"

#include <bit>
#include <utility>

namespace zp {
namespace {

// Finite and not zero, by the bits: a subnormal number counts whatever the processor's mode.
bool belongs(float x) {
  const uint32_t magnitude = std::bit_cast<uint32_t>(x) & 0x7fffffff;
  return magnitude != 0 && magnitude < 0x7f800000;
}

}  // namespace

void Distribution::turn_into_octaves() {
  for (const ValueCount& value : values_.sorted()) octaves_.add(value.value, value.count);
  values_ = ExactValues();
  exact_ = false;
}

void Distribution::add(std::span<const float> x) {
  size_t i = 0;
  for (; exact_ && i < x.size(); ++i) {
    if (!belongs(x[i])) continue;
    if (!values_.add(x[i])) {
      turn_into_octaves();
      break;
    }
  }
  octaves_.add(x.subspan(i));
}

void Distribution::merge(const Distribution& other) {
  if (!other.exact_) {
    if (exact_) turn_into_octaves();
    octaves_.merge(other.octaves_);
    return;
  }
  for (const ValueCount& value : other.values_.sorted()) {
    if (exact_ && !values_.add(value.value, value.count)) turn_into_octaves();
    if (!exact_) octaves_.add(value.value, value.count);
  }
}

Distribution Distribution::from_values(std::span<const ValueCount> values) {
  Distribution distribution;
  for (const ValueCount& value : values) {
    if (!distribution.values_.add(value.value, value.count)) {
      distribution.turn_into_octaves();
      distribution.octaves_.add(value.value, value.count);
    }
  }
  return distribution;
}

Distribution Distribution::from_octaves(Octaves octaves) {
  Distribution distribution;
  distribution.exact_ = false;
  distribution.octaves_ = std::move(octaves);
  return distribution;
}

}  // namespace zp
