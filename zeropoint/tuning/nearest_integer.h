// Rounding many floats that are known to be small.
#pragma once

namespace zp {

// The nearest integer, ties to even, for |x| < 2^22; NaN for NaN. Before SSE4.1 there is no
// instruction for it, and a call for each element takes longer than all the rest.
inline float nearest_integer(float x) {
  constexpr float kShift = 12582912;  // 1.5 * 2^23
  return (x + kShift) - kShift;
}

}  // namespace zp
