// A positive real number as an integer multiplier and a shift, for requantization in integers.
#pragma once

#include <cstdint>

#include "zeropoint/base/error.h"

namespace zp {

// real ~ mantissa * 2^(shift - 31), with mantissa in [2^30, 2^31) (or 0 for a real number too
// small to matter). shift counts to the left: 0 for a real number in [1/2, 1).
struct FixedPointMultiplier {
  int32_t mantissa = 0;
  int shift = 0;

  friend bool operator==(const FixedPointMultiplier&, const FixedPointMultiplier&) = default;
};

// TensorFlow Lite's QuantizeMultiplier: mantissa = round-half-away(frexp(real) * 2^31), so the
// relative error is at most 2^-31; a float32 number is met exactly. Below 2^-32 (once the mantissa
// is rounded) the result is {0, 0}: no int32 times it reaches 1/2. Errors: a negative or non-finite
// number; one of 2^30 or more (once rounded), whose shift an int32 accumulator does not survive.
Result<FixedPointMultiplier> fixed_point_multiplier(double real);

// The real number that a multiplier stands for.
double to_real(FixedPointMultiplier multiplier);

}  // namespace zp
