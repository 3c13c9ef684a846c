// Types, ranges and options on which the tests of numerics try what must hold for all of them.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "zeropoint/numerics/params.h"

namespace zp {

inline constexpr float kLargestFloat = std::numeric_limits<float>::max();
inline constexpr float kSmallestNormal = std::numeric_limits<float>::min();
inline constexpr float kSmallestFloat = std::numeric_limits<float>::denorm_min();
inline constexpr float kInfinite = std::numeric_limits<float>::infinity();
inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// Every type of 2 to 16 bits.
inline std::vector<IntType> code_types() {
  std::vector<IntType> types;
  for (int bits = 2; bits <= 16; ++bits) {
    types.push_back(*IntType::make(bits, Signedness::kUnsigned));
    types.push_back(*IntType::make(bits, Signedness::kSigned));
  }
  return types;
}

// Every combination of convention, scheme and narrow range that `type` has, with a computed zero
// point and, where the scheme leaves it open, with some given ones.
inline std::vector<ParamOptions> options_for(IntType type) {
  std::vector<ParamOptions> all;
  for (const Convention convention : kConventions) {
    for (const Scheme scheme : kSchemes) {
      for (const NarrowRange narrow : {NarrowRange::kNo, NarrowRange::kYes}) {
        for (const ScaleForm form : {ScaleForm::kAny, ScaleForm::kPowerOfTwo}) {
          ParamOptions options{convention, scheme, narrow, form, {}};
          if (!choose_params({0, 1}, type, options)) continue;
          all.push_back(options);
          if (scheme != Scheme::kAffine) continue;
          const CodeRange codes = type.codes(narrow);
          options.zero_point = codes.qmin + 1;
          all.push_back(options);
          options.zero_point = codes.qmin + static_cast<int32_t>(2 * codes.steps() / 3);
          all.push_back(options);
        }
      }
    }
  }
  return all;
}

// A float of either sign whose magnitude is log-uniform in [2^low, 2^high).
inline float random_float(std::mt19937& random, int low, int high) {
  std::uniform_real_distribution<double> exponent(low, high);
  const auto magnitude = static_cast<float>(std::exp2(exponent(random)));
  return random() % 2 == 0 ? magnitude : -magnitude;
}

// A range of float32 ends between 2^low and 2^high in magnitude; sometimes one end is 0.
inline Range random_range(std::mt19937& random, int low = -100, int high = 100) {
  double a = double{random_float(random, low, high)};
  double b = double{random_float(random, low, high)};
  if (random() % 2 == 0) b = a * std::uniform_real_distribution<double>(-2, 2)(random);
  b = double{static_cast<float>(b)};
  if (random() % 8 == 0) a = 0;
  return {std::min(a, b), std::max(a, b)};
}

// `count` floats in the range, its ends and 0 (which it is widened to hold) among them; ascending.
inline std::vector<float> floats_in(Range range, std::mt19937& random, int count) {
  range = range.widened_to(0);
  std::vector<float> x{static_cast<float>(range.min), 0, static_cast<float>(range.max)};
  std::uniform_real_distribution<double> position(0, 1);
  for (int i = 3; i < count; ++i) {
    const double t = position(random);
    x.push_back(static_cast<float>(range.min * (1 - t) + range.max * t));
  }
  std::sort(x.begin(), x.end());
  return x;
}

// What a failing property prints.
inline std::string describe(Range range, IntType type, const ParamOptions& options) {
  std::string text = fmt::format("[{}, {}] {} {} {}", range.min, range.max, type.name(),
                                 name(options.convention), name(options.scheme));
  if (options.narrow == NarrowRange::kYes) text += " narrow";
  if (options.scale_form == ScaleForm::kPowerOfTwo) text += " power-of-two";
  if (options.zero_point) text += fmt::format(" zero point {}", *options.zero_point);
  return text;
}

}  // namespace zp
