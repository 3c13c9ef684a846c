#include "zeropoint/data/choose_samples.h"

#include <numeric>

namespace zp {
namespace {

uint64_t split_mix(uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Uniform in [0, bound): draws that would favour the small numbers are thrown away.
uint64_t below(uint64_t bound, uint64_t& state) {
  const uint64_t surplus = -bound % bound;  // 2^64 modulo bound
  uint64_t draw = split_mix(state);
  while (draw < surplus) draw = split_mix(state);
  return draw % bound;
}

}  // namespace

std::vector<int64_t> choose_samples(int64_t total, int64_t count, std::optional<uint64_t> seed) {
  std::vector<int64_t> chosen;
  if (count >= total) {
    chosen.resize(static_cast<size_t>(total));
    std::iota(chosen.begin(), chosen.end(), 0);
    return chosen;
  }
  if (!seed) {
    for (int64_t i = 0; i < count; ++i) chosen.push_back(i * total / count);
    return chosen;
  }
  uint64_t state = *seed;
  for (int64_t i = 0; i < total; ++i) {
    const int64_t missing = count - static_cast<int64_t>(chosen.size());
    if (below(static_cast<uint64_t>(total - i), state) < static_cast<uint64_t>(missing)) {
      chosen.push_back(i);
    }
  }
  return chosen;
}

}  // namespace zp
