// The range under which the codes say most about the values: TensorRT's and ONNX Runtime's idea of
// comparing the clipped distribution with the quantized one by the Kullback-Leibler divergence,
// without their fixed linear bins and their smoothing.
#pragma once

#include <span>

#include "zeropoint/base/error.h"
#include "zeropoint/numerics/params.h"
#include "zeropoint/observe/observer.h"
#include "zeropoint/observe/ranges/search.h"
#include "zeropoint/observe/ranges/tiles.h"

namespace zp {

// No candidate may clip a larger share of the density: with almost everything in the outermost
// codes the clipped and the quantized distribution would agree again.
inline constexpr double kMostClipped = 0.1;

// KL(P' || Q) in nats, for a density f given as tiles, not empty:
//
//   I_k  the values of code k: [(k - zp - 1/2) scale, (k - zp + 1/2) scale]
//   P_k, W_k   the mass of f in I_k, and the length of the tiles in it
//   R    the sum of all P_k;  M_e the mass below or above all I_k, for the outermost code e there
//   P'   f within the I_k, and M_e spread in its outermost code as f is there
//   Q    P_k / R, spread evenly over the tiles in I_k: what the codes tell
//
//   KL = log R + sum over e of (P_e + M_e) log(1 + M_e / P_e)                        (clipping)
//      + sum over k of P'_k * (sum over parts of tiles in I_k of p log(p / w) / P_k
//                              - log(P_k / W_k))                                      (rounding)
//
// Infinite where more than kMostClipped is clipped. The value is that of the formula, exact up to
// rounding: low = expected = high.
Estimate divergence(std::span<const Tile> tiles, const QuantParams& params, Convention convention);

// The magnitude below which values are left out, as zero itself is, which is exactly a code under
// any parameters: an eighth of the step of the narrowest range that may be chosen, which holds all
// but kMostClipped of the values that are not zero. Error: no finite element.
Result<double> smallest_magnitude(const Observer& observer, IntType type, NarrowRange narrow);

// The candidate range (search.h) with the smallest divergence, for the density of the values from
// smallest_magnitude() on; the widest where fewer than two tiles are left. Errors: no finite
// element; those of choose_params; int32.
Result<RangeChoice> entropy_range(const Observer& observer, IntType type,
                                  const ParamOptions& options = {});

}  // namespace zp
