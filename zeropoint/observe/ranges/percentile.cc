#include "zeropoint/observe/ranges/percentile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "zeropoint/observe/ranges/min_max.h"

namespace zp {
namespace {

Status check_order(double p) {
  if (p >= 0 && p <= 1) return {};
  return invalid_argument(fmt::format("quantile of order {}: expected 0 to 1", p));
}

// The rank of the quantile of order p among so many elements, at least one.
uint64_t rank_of(double p, uint64_t elements) {
  const double rank = std::ceil(p * static_cast<double>(elements));
  if (!(rank < static_cast<double>(elements))) return elements;
  return std::max(static_cast<uint64_t>(rank), uint64_t{1});
}

// buckets: ascending, together with so many elements.
Quantile value_of_rank(std::span<const Bucket> buckets, uint64_t rank, uint64_t elements) {
  // The first and the last are known exactly, as the outermost buckets are cut at the extremes.
  if (rank == 1) return {buckets.front().low, buckets.front().low, buckets.front().low};
  if (rank == elements) return {buckets.back().high, buckets.back().high, buckets.back().high};
  auto bucket = buckets.begin();
  for (; rank > bucket->count; ++bucket) rank -= bucket->count;
  const double share = (static_cast<double>(rank) - 0.5) / static_cast<double>(bucket->count);
  return {bucket->low + share * (bucket->high - bucket->low), bucket->low, bucket->high};
}

Quantile quantile_of(std::span<const Bucket> buckets, uint64_t elements, double p) {
  return value_of_rank(buckets, rank_of(p, elements), elements);
}

// The buckets of both signs that share a key become one.
std::vector<Bucket> magnitudes(std::vector<Bucket> buckets) {
  for (Bucket& bucket : buckets) {
    if (bucket.high <= 0) bucket = {-bucket.high, -bucket.low, bucket.count};
  }
  std::sort(buckets.begin(), buckets.end(),
            [](const Bucket& a, const Bucket& b) { return a.low < b.low; });
  std::vector<Bucket> merged;
  for (const Bucket& bucket : buckets) {
    if (!merged.empty() && bucket.low <= merged.back().high) {
      merged.back().high = std::max(merged.back().high, bucket.high);
      merged.back().count += bucket.count;
    } else {
      merged.push_back(bucket);
    }
  }
  return merged;
}

}  // namespace

Result<Quantile> quantile(const Observer& observer, double p) {
  ZP_RETURN_IF_ERROR(check_order(p));
  ZP_RETURN_IF_ERROR(check_looked_at(observer));
  return quantile_of(observer.buckets(), observer.statistics().extremes.finite(), p);
}

Result<Quantile> magnitude_quantile(const Observer& observer, double p) {
  ZP_RETURN_IF_ERROR(check_order(p));
  ZP_RETURN_IF_ERROR(check_looked_at(observer));
  return quantile_of(magnitudes(observer.buckets()), observer.statistics().extremes.finite(), p);
}

Result<Range> percentile_range(const Observer& observer, double percentile, Tails tails) {
  if (!(percentile > 0 && percentile <= 100)) {
    return invalid_argument(
        fmt::format("percentile {}: expected more than 0 and at most 100", percentile));
  }
  ZP_ASSIGN_OR_RETURN(const Range all, min_max_range(observer));
  ZP_RETURN_IF_ERROR(check_looked_at(observer));
  if (tails == Tails::kByMagnitude) {
    ZP_ASSIGN_OR_RETURN(const Quantile a, magnitude_quantile(observer, percentile / 100));
    return Range{std::max(all.min, -a.value), std::min(all.max, a.value)};
  }
  const std::vector<Bucket> buckets = observer.buckets();
  const uint64_t elements = observer.statistics().extremes.finite();
  const uint64_t high = rank_of((100 + percentile) / 200, elements);
  // A percentile near 0 would let the ends pass each other.
  const uint64_t low = std::min(elements + 1 - high, high);
  return Range{low == 1 ? all.min : value_of_rank(buckets, low, elements).value,
               high == elements ? all.max : value_of_rank(buckets, high, elements).value};
}

}  // namespace zp
