#include "zeropoint/observe/ranges/mean_squared_error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace zp {
namespace {

// Codes less the zero point, so that real 0 is step 0.
struct Steps {
  double scale;
  double lowest;
  double highest;
  double rounding;  // in steps, beside the 2^-20 * |u| that grows with the value

  Steps(const QuantParams& params, Convention convention) : scale(double{params.scale}) {
    const CodeRange codes = code_range(params, convention);
    lowest = static_cast<double>(int64_t{codes.qmin} - params.zero_point);
    highest = static_cast<double>(int64_t{codes.qmax} - params.zero_point);
    rounding = 0x1p-20 * (1 + std::abs(static_cast<double>(params.zero_point)));
  }
  double nearest(double u) const { return std::clamp(std::nearbyint(u), lowest, highest); }
};

// The mean squared error over [a, b], in steps squared.
double expected_over(double a, double b, const Steps& steps) {
  const double ka = steps.nearest(a);
  const double kb = steps.nearest(b);
  const double p = a - ka;
  const double q = b - kb;
  if (ka == kb) return (p * p + p * q + q * q) / 3;  // also where a == b
  return ((kb - ka) / 12 + (q * q * q - p * p * p) / 3) / (b - a);
}

double best_over(double a, double b, const Steps& steps) {
  const double first = std::max(std::ceil(a), steps.lowest);
  const double last = std::min(std::floor(b), steps.highest);
  if (first <= last) return 0;
  return std::min(std::abs(a - steps.nearest(a)), std::abs(b - steps.nearest(b)));
}

double worst_over(double a, double b, const Steps& steps) {
  const double ka = steps.nearest(a);
  const double kb = steps.nearest(b);
  const double ends = std::max(std::abs(a - ka), std::abs(b - kb));
  return ka == kb ? ends : std::max(ends, 0.5);  // between two codes lies a tie
}

struct Sums {
  double expected = 0;
  double low = 0;
  double high = 0;
};

void add(const Bucket& bucket, const Steps& steps, Sums& sums) {
  const double a = bucket.low / steps.scale;
  const double b = bucket.high / steps.scale;
  const double rounding = steps.rounding + 0x1p-20 * std::max(std::abs(a), std::abs(b));
  const double best = std::max(best_over(a, b, steps) - rounding, 0.0);
  const double worst = worst_over(a, b, steps) + rounding;
  const auto count = static_cast<double>(bucket.count);
  sums.expected += count * expected_over(a, b, steps);
  sums.low += count * best * best;
  sums.high += count * worst * worst;
}

double elements_of(std::span<const Bucket> buckets) {
  double elements = 0;
  for (const Bucket& bucket : buckets) elements += static_cast<double>(bucket.count);
  return elements;
}

// Nothing where the lower bound exceeds `limit`, which is noticed early if the buckets that are
// cut off come first.
std::optional<Estimate> estimate(std::span<const Bucket> buckets, double elements,
                                 const QuantParams& params, Convention convention, double limit) {
  const Steps steps(params, convention);
  const double to_mean = steps.scale * steps.scale / elements;
  // The sums have a relative error far below this.
  constexpr double kSummation = 1e-9;
  const double sum_limit = limit / to_mean / (1 - kSummation);
  Sums sums;
  for (const Bucket& bucket : buckets) {
    add(bucket, steps, sums);
    if (sums.low > sum_limit) return std::nullopt;
  }
  return Estimate{sums.expected * to_mean, sums.low * to_mean * (1 - kSummation),
                  sums.high * to_mean * (1 + kSummation)};
}

}  // namespace

Estimate squared_error(std::span<const Bucket> buckets, const QuantParams& params,
                       Convention convention) {
  return *estimate(buckets, elements_of(buckets), params, convention,
                   std::numeric_limits<double>::infinity());
}

Result<RangeChoice> mean_squared_error_range(const Observer& observer, IntType type,
                                             const ParamOptions& options) {
  std::vector<Bucket> buckets = observer.buckets();
  const auto magnitude = [](const Bucket& b) { return std::max(-b.low, b.high); };
  std::sort(buckets.begin(), buckets.end(),
            [&](const Bucket& a, const Bucket& b) { return magnitude(a) > magnitude(b); });
  const double elements = elements_of(buckets);
  return search_ranges(observer, type, options, [&](const QuantParams& params, double limit) {
    return estimate(buckets, elements, params, options.convention, limit);
  });
}

}  // namespace zp
