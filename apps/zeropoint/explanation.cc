#include "apps/zeropoint/explanation.h"

#include <algorithm>
#include <cmath>

#include "zeropoint/numerics/codes.h"
#include "zeropoint/numerics/exact_value.h"
#include "zeropoint/numerics/quantize.h"

namespace zp::app {
namespace {

bool is_tie(double value) { return std::abs(value - std::trunc(value)) == 0.5; }

ExplainedValue explain_value(const GivenValue& given, const QuantParams& params,
                             Convention convention) {
  const float x = given.x;
  const bool offset_first = convention == Convention::kTensorflow;
  const bool half_away = offset_first || convention == Convention::kTflite;
  const auto zero_point = static_cast<float>(params.zero_point);

  ExplainedValue value;
  value.given = given;
  value.scaled = convention == Convention::kPytorch ? x * (1.0f / params.scale) : x / params.scale;
  value.unrounded_scaled = double{x} / double{params.scale};
  if (offset_first) {
    value.scaled += zero_point;
    value.unrounded_scaled += double{zero_point};
  }
  value.is_tie = is_tie(double{value.scaled});
  value.rounded =
      half_away ? std::round(double{value.scaled}) : std::nearbyint(double{value.scaled});
  value.steps_and_zero = value.rounded + (offset_first ? 0 : params.zero_point);
  const CodeRange codes = code_range(params, convention);
  value.saturated = value.steps_and_zero < codes.qmin || value.steps_and_zero > codes.qmax;
  value.code = quantize(x, params, convention);
  value.dequantized = dequantize(value.code, params);
  value.error = double{value.dequantized} - double{x};
  return value;
}

}  // namespace

double real_of(int64_t code, const QuantParams& params) {
  return double{params.scale} * static_cast<double>(code - params.zero_point);
}

Result<Explanation> explain(const ExplainRequest& request) {
  const auto& [range, type, options, exact, values] = request;
  const Convention convention = options.convention;
  Explanation result;
  result.request = request;
  if (exact) {
    ZP_ASSIGN_OR_RETURN(result.params, choose_params_exact(range, type, *exact, options));
  } else {
    ZP_ASSIGN_OR_RETURN(result.params, choose_params(range, type, options));
  }
  const QuantParams& params = result.params;
  result.covered = range.widened_to(0).widened_to(exact ? double{*exact} : 0);
  result.codes = code_range(params, convention);

  QuantParams finest = params;
  if (exact) {
    ZP_ASSIGN_OR_RETURN(finest, choose_params(result.covered, type, options));
    const int32_t finest_code = quantize(*exact, finest, convention);
    result.exact = {*exact, finest, finest_code, dequantize(finest_code, finest),
                    quantize(*exact, params, convention)};
  }
  result.scale = derive_scale(result.covered, finest, options);
  const bool found_by_search = finest != params;
  result.zero_point =
      derive_zero_point(result.covered, found_by_search ? double{params.scale} : result.scale.used,
                        found_by_search ? ScaleLimit::kNone : result.scale.limit, params, options);

  result.wasted = wasted_steps(range, params, convention);
  result.largest_error = largest_error(range, params, convention);
  result.implies_relu = implies_relu(params, convention);
  for (const GivenValue& value : values) {
    result.values.push_back(explain_value(value, params, convention));
  }
  return result;
}

}  // namespace zp::app
