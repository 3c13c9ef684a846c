#include "zeropoint/quantizer/range_use.h"

#include <algorithm>

#include "zeropoint/numerics/quantize.h"
#include "zeropoint/observe/ranges/min_max.h"
#include "zeropoint/observe/ranges/percentile.h"

namespace zp {

RangeUse range_use(const Observer& observer, const QuantParams& params,
                   std::optional<double> flat_below) {
  RangeUse use;
  const auto all = min_max_range(observer);
  const auto most = percentile_range(observer, 99.9, Tails::kTwoSided);
  if (!all || !most) return use;
  const double low = dequantize(params.codes().qmin, params);
  const double high = dequantize(params.codes().qmax, params);
  const auto share = [&](const Range& range) {
    const double width = std::min(range.max, high) - std::max(range.min, low);
    return std::max(width, 0.0) / (high - low);
  };
  use.covered = share(*all);
  use.covered_by_most = share(*most);
  double outside = 0;
  double flat = 0;
  double total = 0;
  // Half a step beyond the outermost codes still rounds to them.
  const double slack = params.scale / 2.0;
  for (const Bucket& bucket : observer.buckets()) {
    const auto count = static_cast<double>(bucket.count);
    total += count;
    const bool below = bucket.high < low - slack;
    if (below && flat_below && bucket.high <= *flat_below) {
      flat += count;
    } else if (below || bucket.low > high + slack) {
      outside += count;
    }
  }
  if (total > 0) {
    use.saturated = outside / total;
    use.flattened = flat / total;
  }
  return use;
}

}  // namespace zp
