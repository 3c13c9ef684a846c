#include "zeropoint/evaluate/paired_difference.h"

#include <algorithm>
#include <cmath>

namespace zp {

Interval difference_interval(const PairedCounts& counts) {
  constexpr double kNormal975 = 1.959963984540054;  // the normal distribution's quantile of 0.975
  const double n = static_cast<double>(counts.samples) + 2;
  const double first = (static_cast<double>(counts.only_first) + 1) / n;
  const double second = (static_cast<double>(counts.only_second) + 1) / n;
  const double difference = second - first;
  const double half = kNormal975 * std::sqrt((first + second - difference * difference) / n);
  return {std::max(-1.0, difference - half), std::min(1.0, difference + half)};
}

double mcnemar_p(const PairedCounts& counts) {
  const auto trials = static_cast<double>(counts.only_first + counts.only_second);
  const int64_t fewer = std::min(counts.only_first, counts.only_second);
  // By logarithms: 2^-trials alone may be below every double.
  double tail = 0;
  for (int64_t k = 0; k <= fewer; ++k) {
    const auto x = static_cast<double>(k);
    tail += std::exp(std::lgamma(trials + 1) - std::lgamma(x + 1) - std::lgamma(trials - x + 1) -
                     trials * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

}  // namespace zp
