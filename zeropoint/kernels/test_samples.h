// Inputs on which the kernels' tests compare them with the reference.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "zeropoint/numerics/quantize.h"

namespace zp::kernels {

// At least 2^22 floats that reach every sign and exponent equally often, subnormals included,
// with random mantissas; every NaN payload bit, quiet and signalling; infinities and zeros.
inline std::vector<float> stratified_floats(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> x;
  constexpr int kPerStratum = 1 << 13;
  x.reserve(512 * (kPerStratum + 64));
  for (uint32_t sign_and_exponent = 0; sign_and_exponent < 512; ++sign_and_exponent) {
    const uint32_t high = sign_and_exponent << 23;
    for (int i = 0; i < kPerStratum; ++i) {
      x.push_back(std::bit_cast<float>(high | static_cast<uint32_t>(random() >> 9)));
    }
    for (uint32_t bit = 0; bit < 23; ++bit) x.push_back(std::bit_cast<float>(high | 1u << bit));
    x.push_back(std::bit_cast<float>(high));
    x.push_back(std::bit_cast<float>(high | 0x7fffffu));
  }
  return x;
}

// Around every tie between two codes and one step beyond both ends: the tie as computed in
// float32 and in double, and 16 floats to each side.
inline std::vector<float> tie_neighbourhoods(const QuantParams& params) {
  std::vector<float> x;
  const CodeRange codes = params.type.codes();
  const int32_t stride = codes.steps() > 1024 ? static_cast<int32_t>(codes.steps() / 1021) : 1;
  const auto around = [&x](float tie) {
    float below = tie;
    float above = tie;
    x.push_back(tie);
    for (int i = 0; i < 16; ++i) {
      below = std::nextafter(below, -std::numeric_limits<float>::infinity());
      above = std::nextafter(above, std::numeric_limits<float>::infinity());
      x.push_back(below);
      x.push_back(above);
    }
  };
  for (int32_t code = codes.qmin - 2; code <= codes.qmax + 1; code += stride) {
    const double steps = code - params.zero_point + 0.5;
    around(static_cast<float>(steps * double{params.scale}));
    around(static_cast<float>(steps) * params.scale);
  }
  return x;
}

}  // namespace zp::kernels
