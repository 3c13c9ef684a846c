// Parameters under which a chosen value X, such as the padding value of a convolution, is exactly
// a code, as real 0 always is.
#pragma once

#include "zeropoint/numerics/params.h"

namespace zp {

// How much coarser than choose_params the scale may become for X's sake.
inline constexpr double kLargestScaleGrowth = 1.125;

// As choose_params for `range` widened to hold 0 and `x`, but with a float32 scale for which
// fl(k * scale) = x for some whole k, so that
//
//   dequantize(quantize(x)) == x   bit for bit, but that -0 comes back as 0.
//
// Not every k has such a scale: k is taken as large as the range allows (the finest scale) and
// lowered until one is found, while the scale stays within kLargestScaleGrowth of
// choose_params's. The range stays covered but for the rounding of the zero point.
//
// Errors: those of choose_params; an x that is not finite; no k with an exact scale in reach, in
// which case the message says how close one gets.
Result<QuantParams> choose_params_exact(Range range, IntType type, float x,
                                        const ParamOptions& options = {});

}  // namespace zp
