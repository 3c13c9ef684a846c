// Ranges that leave out a given share of the values.
//
// The quantile of order p of n sorted values v_1 <= ... <= v_n is v_r with r = ceil(p * n), at
// least 1 (NumPy's "inverted_cdf"; p * n is rounded to double).
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/numerics/range.h"
#include "zeropoint/observe/observer.h"

namespace zp {

// An estimate of a quantile and two numbers between which the true one lies: the ends of the bucket
// that holds rank r. So high - low <= 2^-7 * |value| (2^-133 below 2^-126), and 0 where the
// distribution is exact. Within the bucket the values are taken to be spread evenly.
struct Quantile {
  double value = 0;
  double low = 0;
  double high = 0;
};

// Of the finite elements. Errors: p outside [0, 1]; no finite element.
Result<Quantile> quantile(const Observer& observer, double p);
// The same of their magnitudes.
Result<Quantile> magnitude_quantile(const Observer& observer, double p);

enum class Tails {
  kTwoSided,     // as many values are left out below as above
  kByMagnitude,  // the values of largest magnitude are left out, on whichever side
};

// The range that keeps `percentile` percent (0 < percentile <= 100, such as 99.99) of the n values:
//
//   two-sided     [v_(n + 1 - r), v_r] with r the rank of order (100 + percentile) / 200
//   by magnitude  [max(minimum, -a), min(maximum, a)] with a = magnitude_quantile(percentile / 100)
//
// each v estimated as a quantile is.
// 100 gives the minimum and maximum exactly.
Result<Range> percentile_range(const Observer& observer, double percentile, Tails tails);

}  // namespace zp
