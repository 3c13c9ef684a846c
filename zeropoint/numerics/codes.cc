#include "zeropoint/numerics/codes.h"

#include <fmt/format.h>

#include "zeropoint/numerics/quantize.h"

namespace zp {

Result<CodeRange> clip_bounds(float low, float high, const QuantParams& params,
                              Convention convention) {
  ZP_RETURN_IF_ERROR(check(params, convention));
  if (!(low <= high)) {
    return invalid_argument(fmt::format("clip to [{}, {}]: expected low <= high", low, high));
  }
  return CodeRange{quantize(low, params, convention), quantize(high, params, convention)};
}

bool implies_relu(const QuantParams& params, Convention convention) {
  return code_range(params, convention).qmin == params.zero_point;
}

Result<bool> implies_clip(float low, float high, const QuantParams& params, Convention convention) {
  ZP_ASSIGN_OR_RETURN(const CodeRange bounds, clip_bounds(low, high, params, convention));
  return bounds == code_range(params, convention);
}

}  // namespace zp
