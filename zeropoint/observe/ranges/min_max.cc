#include "zeropoint/observe/ranges/min_max.h"

#include <fmt/format.h>

namespace zp {

namespace {

Status check_finite(const kernels::ValueRange& extremes) {
  if (extremes.finite() > 0) return {};
  return invalid_data(fmt::format(
      "no finite value among {} elements ({} NaN, {} infinite): there is no range to choose",
      extremes.count, extremes.nan, extremes.positive_infinity + extremes.negative_infinity));
}

}  // namespace

Result<Range> min_max_range(const Observer& observer) {
  ZP_RETURN_IF_ERROR(check_finite(observer.extremes()));
  return Range{observer.extremes().min, observer.extremes().max};
}

Status check_looked_at(const Observer& observer) {
  return check_finite(kernels::ValueRange::of(observer.statistics().extremes));
}

}  // namespace zp
