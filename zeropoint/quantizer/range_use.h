// How well the codes of an activation are used by the values that were observed of it.
#pragma once

#include <optional>

#include "zeropoint/numerics/params.h"
#include "zeropoint/observe/observer.h"

namespace zp {

struct RangeUse {
  // Width of the observed values over the width of all codes, 0 to 1.
  double covered = 0;
  // The same for the 99.9 % of the values that leave out as many below as above: how many of the
  // codes nearly everything shares, where a few outliers stretch the range.
  double covered_by_most = 0;
  // The share of the values that lie outside the codes, and is lost.
  double saturated = 0;
  // The share of those outside that nobody misses: the tensor's readers map them to 0 anyway.
  double flattened = 0;
};

// Of the finite values. An observer that has seen none gives zeros. `flat_below`: what
// activation_params.h says of the tensor's readers.
RangeUse range_use(const Observer& observer, const QuantParams& params,
                   std::optional<double> flat_below = std::nullopt);

// Fewer codes than this share tell nearly all values apart: worth a word to the user.
inline constexpr double kWastefulCover = 1.0 / 8;
// More values than this share are cut off.
inline constexpr double kManySaturated = 1e-3;

}  // namespace zp
