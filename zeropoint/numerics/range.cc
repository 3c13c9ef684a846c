#include "zeropoint/numerics/range.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace zp {

Status check(Range range) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  for (const double end : {range.min, range.max}) {
    if (!(std::abs(end) <= kLargest)) {
      return invalid_argument(fmt::format("range [{}, {}]: {} is not a finite float32 value",
                                          range.min, range.max, end));
    }
  }
  if (range.min > range.max) {
    return invalid_argument(
        fmt::format("range [{}, {}]: reversed, expected min <= max", range.min, range.max));
  }
  return {};
}

Result<Range> make_range(double min, double max) {
  const Range range{min, max};
  ZP_RETURN_IF_ERROR(check(range));
  return range;
}

}  // namespace zp
