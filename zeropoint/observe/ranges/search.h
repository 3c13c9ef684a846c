// The search that mean_squared_error.h and entropy.h share: the best of many narrower ranges.
#pragma once

#include <functional>
#include <optional>

#include "zeropoint/base/error.h"
#include "zeropoint/numerics/params.h"
#include "zeropoint/numerics/range.h"
#include "zeropoint/observe/observer.h"

namespace zp {

// What buckets tell about a loss of the data: an expected value, and bounds within which the loss
// of the data themselves lies, whatever they are inside their buckets.
struct Estimate {
  double expected = 0;
  double low = 0;
  double high = 0;
};

struct RangeChoice {
  Range range;
  QuantParams params;  // of choose_params(range)
  Estimate loss;
  // No candidate has a smaller loss on the data than this. So the choice costs at most
  // loss.high - least_possible more than the best candidate.
  double least_possible = 0;
};

// The loss under these parameters; nothing where its lower bound is above `limit`, so that a
// hopeless candidate need not be worked out.
using Loss = std::function<std::optional<Estimate>(const QuantParams& params, double limit)>;

// The candidate with the smallest expected loss, of equals the widest. With [l, h] the extremes
// widened to hold 0, candidates are
//
//   symmetric          [l, h] cut to [-a, a], a = max(-l, h) * 2^(-i/16), i = 0 .. 192
//   one-sided, or affine with l = 0 or h = 0
//                      [l, h] * 2^(-i/16), i = 0 .. 192
//   affine             [l * 2^(-i/2), h * 2^(-j/2)], i, j = 0 .. 24, then around the best of them
//                      in steps of 2^(1/16), up to eight each way
//
// Errors: no finite element; those of choose_params. Where all elements are zero the range is
// [0, 0] and the loss 0.
Result<RangeChoice> search_ranges(const Observer& observer, IntType type,
                                  const ParamOptions& options, const Loss& loss);

}  // namespace zp
