#include "zeropoint/observe/ranges/min_max.h"

#include <fmt/format.h>

namespace zp {

Result<Range> min_max_range(const Observer& observer) {
  const kernels::MinMax& extremes = observer.statistics().extremes;
  if (extremes.finite() == 0) {
    return invalid_data(fmt::format(
        "no finite value among {} elements ({} NaN, {} infinite): there is no range to choose",
        extremes.count, extremes.nan, extremes.positive_infinity + extremes.negative_infinity));
  }
  return Range{extremes.min, extremes.max};
}

}  // namespace zp
