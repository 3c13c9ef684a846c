// The range under which quantizing loses the least squared error.
#pragma once

#include <span>

#include "zeropoint/base/error.h"
#include "zeropoint/numerics/params.h"
#include "zeropoint/observe/observer.h"
#include "zeropoint/observe/ranges/search.h"

namespace zp {

// The mean of (x - fake_quantize(x))^2 over the values in `buckets`, at least one.
//
// Expected: the values of a bucket are taken to be spread evenly, and the squared error integrated
// over it. With u = x / scale, k(u) the nearest code that the type has and
// F(u) = k(u) / 12 + (u - k(u))^3 / 3, whose derivative is the squared error in steps, the mean
// over [a, b] is (F(b) - F(a)) / (b - a) * scale^2.
//
// low, high: every value of a bucket at its best and at its worst place, widened by what float32
// arithmetic may do, 2^-20 * (|x| + scale * (1 + |zero point|)), so that they hold for
// fake_quantize as it is.
Estimate squared_error(std::span<const Bucket> buckets, const QuantParams& params,
                       Convention convention);

// The candidate range (search.h) with the smallest expected squared error. Errors: no finite
// element; those of choose_params.
Result<RangeChoice> mean_squared_error_range(const Observer& observer, IntType type,
                                             const ParamOptions& options = {});

}  // namespace zp
