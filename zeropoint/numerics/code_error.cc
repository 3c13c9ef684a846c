#include "zeropoint/numerics/code_error.h"

#include <algorithm>
#include <cmath>

#include "zeropoint/numerics/quantize.h"

namespace zp {

WastedSteps wasted_steps(Range data, const QuantParams& params, Convention convention) {
  const CodeRange codes = code_range(params, convention);
  const int32_t lowest = quantize(static_cast<float>(data.min), params, convention);
  const int32_t highest = quantize(static_cast<float>(data.max), params, convention);
  return {int64_t{lowest} - codes.qmin, int64_t{codes.qmax} - highest, codes.steps()};
}

double largest_error(Range data, const QuantParams& params, Convention convention) {
  const auto error_at = [&](double x) {
    return std::abs(x - double{fake_quantize(static_cast<float>(x), params, convention)});
  };
  const double at_ends = std::max(error_at(data.min), error_at(data.max));
  // Half a step is reached only where the range holds a point midway between two codes.
  const auto first = quantize(static_cast<float>(data.min), params, convention);
  const auto last = quantize(static_cast<float>(data.max), params, convention);
  return first < last ? std::max(at_ends, double{params.scale} / 2) : at_ends;
}

}  // namespace zp
