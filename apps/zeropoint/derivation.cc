#include "apps/zeropoint/derivation.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace zp::app {
namespace {

ScaleFormula scale_formula(const ParamOptions& options) {
  switch (options.scheme) {
    case Scheme::kOneSided:
      return ScaleFormula::kOneSided;
    case Scheme::kSymmetric:
      if (options.convention == Convention::kTensorrt) return ScaleFormula::kTopCode;
      if (options.convention == Convention::kTensorflow) return ScaleFormula::kAllSteps;
      return ScaleFormula::kTwoSided;
    case Scheme::kAffine:
      break;
  }
  return options.zero_point ? ScaleFormula::kGivenZeroPoint : ScaleFormula::kSpan;
}

double formula_value(ScaleFormula formula, Range range, const QuantParams& params) {
  const CodeRange codes = params.codes();
  const auto steps = static_cast<double>(codes.steps());
  switch (formula) {
    case ScaleFormula::kSpan:
      return range.width() / steps;
    case ScaleFormula::kGivenZeroPoint: {
      const auto above = static_cast<double>(codes.qmax - int64_t{params.zero_point});
      const auto below = static_cast<double>(params.zero_point - int64_t{codes.qmin});
      return std::max(above > 0 ? range.max / above : 0, below > 0 ? -range.min / below : 0);
    }
    case ScaleFormula::kTwoSided:
      return 2 * range.magnitude() / steps;
    case ScaleFormula::kTopCode:
      return range.magnitude() / codes.qmax;
    case ScaleFormula::kAllSteps:
      return 2 * range.magnitude() / static_cast<double>(params.type.codes().steps());
    case ScaleFormula::kOneSided:
      break;
  }
  return range.max / codes.qmax;
}

// The two formulas that PyTorch evaluates in float32 from the first operation on.
double pytorch_value(ScaleFormula formula, Range range, const QuantParams& params) {
  const auto steps = static_cast<float>(params.codes().steps());
  const float width = static_cast<float>(range.max) - static_cast<float>(range.min);
  if (formula == ScaleFormula::kTwoSided) {
    return double{static_cast<float>(range.magnitude()) / (steps / 2)};
  }
  if (formula == ScaleFormula::kSpan && !std::isinf(width)) return double{width / steps};
  return double{static_cast<float>(formula_value(formula, range, params))};
}

Range to_float32(Range range) {
  return {double{static_cast<float>(range.min)}, double{static_cast<float>(range.max)}};
}

}  // namespace

ScaleDerivation derive_scale(Range covered, const QuantParams& params,
                             const ParamOptions& options) {
  const bool pytorch = options.convention == Convention::kPytorch;
  ScaleDerivation scale{scale_formula(options), pytorch ? to_float32(covered) : covered};
  scale.formula_value = pytorch ? pytorch_value(scale.formula, scale.range, params)
                                : formula_value(scale.formula, scale.range, params);
  scale.used = scale.formula_value;
  if (pytorch && scale.used < double{std::numeric_limits<float>::epsilon()}) {
    scale.limit = ScaleLimit::kEpsilon;
    scale.used = double{std::numeric_limits<float>::epsilon()};
  } else if (scale.used < double{std::numeric_limits<float>::min()}) {
    scale.limit = ScaleLimit::kOne;
    scale.used = 1;
  }
  // A power of two is its own float32.
  if (options.scale_form == ScaleForm::kPowerOfTwo) scale.used = double{params.scale};
  return scale;
}

ZeroPointDerivation derive_zero_point(Range covered, double scale, ScaleLimit limit,
                                      const QuantParams& params, const ParamOptions& options) {
  const CodeRange codes = params.codes();
  ZeroPointDerivation zero;
  zero.scale = scale;
  zero.range = options.convention == Convention::kPytorch ? to_float32(covered) : covered;
  zero.min_over_scale = zero.range.min / scale;
  zero.max_over_scale = zero.range.max / scale;
  zero.from_min = codes.qmin - zero.min_over_scale;
  zero.from_max = codes.qmax - zero.max_over_scale;
  zero.from_min_size = std::abs(static_cast<double>(codes.qmin)) + std::abs(zero.min_over_scale);
  zero.from_max_size = std::abs(static_cast<double>(codes.qmax)) + std::abs(zero.max_over_scale);

  if (options.scheme != Scheme::kAffine || options.zero_point) {
    zero.formula = ZeroPointFormula::kFixed;
    zero.rounded = params.zero_point;
  } else if (limit == ScaleLimit::kOne) {
    zero.formula = ZeroPointFormula::kNothing;
    zero.rounded = params.zero_point;
  } else if (options.convention == Convention::kPytorch) {
    zero.formula = ZeroPointFormula::kPytorch;
    zero.min_over_scale = double{static_cast<float>(zero.range.min) / static_cast<float>(scale)};
    zero.rounded = codes.qmin - std::nearbyint(zero.min_over_scale);
  } else if (options.convention == Convention::kTflite) {
    zero.formula = ZeroPointFormula::kNudged;
    zero.rounded =
        std::round(zero.from_min_size < zero.from_max_size ? zero.from_min : zero.from_max);
  } else {
    zero.formula = ZeroPointFormula::kFromMin;
    zero.rounded = std::nearbyint(zero.from_min);
  }
  return zero;
}

}  // namespace zp::app
