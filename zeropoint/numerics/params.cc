#include "zeropoint/numerics/params.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace zp {
namespace {

constexpr double kSmallestScale = std::numeric_limits<float>::min();

tl::unexpected<Error> zero_point_error(int64_t zero_point, CodeRange codes, IntType type) {
  return invalid_argument(fmt::format("zero point {}: expected a code of {} in [{}, {}]",
                                      zero_point, type.name(), codes.qmin, codes.qmax));
}

// Whether the combination of scheme, type and convention exists at all.
Status check_scheme(Range range, IntType type, const ParamOptions& options) {
  const bool symmetric = options.scheme == Scheme::kSymmetric;
  if (options.convention == Convention::kTensorrt && !(symmetric && type.is_signed())) {
    return invalid_argument(fmt::format(
        "convention tensorrt: expected the symmetric scheme on a signed type, got {} on {}",
        name(options.scheme), type.name()));
  }
  if (options.convention == Convention::kTensorflow && !symmetric) {
    return invalid_argument(fmt::format(
        "convention tensorflow: expected the symmetric scheme, got {}", name(options.scheme)));
  }
  if (options.scheme == Scheme::kOneSided) {
    if (type.is_signed()) {
      return invalid_argument(
          fmt::format("one-sided scheme: expected an unsigned type, got {}", type.name()));
    }
    if (options.narrow == NarrowRange::kYes) {
      return invalid_argument(
          "one-sided scheme: its zero point 0 is not a code of the narrow range; drop narrow or "
          "use the symmetric scheme");
    }
    if (range.min < 0) {
      return invalid_argument(fmt::format(
          "one-sided scheme: range [{}, {}] has negative values; use affine or symmetric",
          range.min, range.max));
    }
  }
  return {};
}

// The zero point that the scheme fixes beforehand, or the caller's, or none.
Result<std::optional<int32_t>> fixed_zero_point(IntType type, const ParamOptions& options) {
  const CodeRange codes = type.codes(options.narrow);
  if (options.zero_point && !codes.contains(*options.zero_point)) {
    return zero_point_error(*options.zero_point, codes, type);
  }
  if (options.scheme == Scheme::kAffine) return options.zero_point;
  const int32_t own = options.scheme == Scheme::kSymmetric ? type.middle() : 0;
  if (options.zero_point && *options.zero_point != own) {
    return invalid_argument(fmt::format("zero point {}: the {} scheme on {} has zero point {}",
                                        *options.zero_point, name(options.scheme), type.name(),
                                        own));
  }
  return own;
}

// A zero point at an end of the codes leaves none for the values on that side of 0.
Status check_sides(Range range, IntType type, const ParamOptions& options) {
  if (!options.zero_point) return {};
  const CodeRange codes = type.codes(options.narrow);
  const bool above = range.max > 0 && *options.zero_point == codes.qmax;
  const bool below = range.min < 0 && *options.zero_point == codes.qmin;
  if (!above && !below) return {};
  return invalid_argument(fmt::format(
      "zero point {}: the range [{}, {}] has values {} 0, for which {} has no code",
      *options.zero_point, range.min, range.max, above ? "above" : "below", type.name()));
}

// The unrounded scale of the range, which holds 0.
double ideal_scale(Range range, IntType type, const ParamOptions& options) {
  const CodeRange codes = type.codes(options.narrow);
  const auto steps = static_cast<double>(codes.steps());
  switch (options.scheme) {
    case Scheme::kOneSided:
      return range.max / codes.qmax;
    case Scheme::kSymmetric:
      if (options.convention == Convention::kTensorrt) return range.magnitude() / codes.qmax;
      if (options.convention == Convention::kTensorflow) {
        return 2 * range.magnitude() / static_cast<double>(type.codes().steps());
      }
      return 2 * range.magnitude() / steps;
    case Scheme::kAffine:
      break;
  }
  if (!options.zero_point) return range.width() / steps;
  // Each side of a given zero point has its own number of steps; check_sides saw to it that a side
  // without any holds nothing but 0.
  const double above = static_cast<double>(int64_t{codes.qmax} - *options.zero_point);
  const double below = static_cast<double>(int64_t{*options.zero_point} - codes.qmin);
  return std::max(above > 0 ? range.max / above : 0, below > 0 ? -range.min / below : 0);
}

double next_power_of_two(double scale) {
  int exponent = 0;
  const double mantissa = std::frexp(scale, &exponent);
  return mantissa == 0.5 ? scale : std::ldexp(1.0, exponent);
}

// TensorFlow Lite's nudged zero point (ChooseQuantizationParams): from the end of the range whose
// terms are smaller and so lose less to rounding.
double nudged_zero_point(Range range, double scale, CodeRange codes) {
  const double from_min = codes.qmin - range.min / scale;
  const double from_max = codes.qmax - range.max / scale;
  const double min_error = std::abs(static_cast<double>(codes.qmin)) + std::abs(range.min / scale);
  const double max_error = std::abs(static_cast<double>(codes.qmax)) + std::abs(range.max / scale);
  return std::round(min_error < max_error ? from_min : from_max);
}

// PyTorch's observers compute in float32 throughout; the ends of the range are float32 values.
float pytorch_scale(Range range, IntType type, const ParamOptions& options) {
  const auto min = static_cast<float>(range.min);
  const auto max = static_cast<float>(range.max);
  const auto steps = static_cast<float>(type.codes(options.narrow).steps());
  float scale = 0;
  if (options.scheme == Scheme::kSymmetric) {
    scale = std::max(-min, max) / (steps / 2);
  } else if (options.scheme == Scheme::kAffine && !options.zero_point) {
    // The difference of two float32 may overflow where the quotient does not.
    scale = std::isinf(max - min) ? static_cast<float>(range.width() / double{steps})
                                  : (max - min) / steps;
  } else {
    scale = static_cast<float>(ideal_scale(range, type, options));
  }
  return std::max(scale, std::numeric_limits<float>::epsilon());
}

double computed_zero_point(Range range, double scale, CodeRange codes, Convention convention) {
  switch (convention) {
    case Convention::kPytorch:
      return codes.qmin -
             double{std::nearbyint(static_cast<float>(range.min) / static_cast<float>(scale))};
    case Convention::kTflite:
      return nudged_zero_point(range, scale, codes);
    default:
      return std::nearbyint(codes.qmin - range.min / scale);
  }
}

// For a range in which nothing is told apart from 0.
Result<QuantParams> params_of_nothing(IntType type, ParamOptions options) {
  if (options.scheme == Scheme::kAffine && !options.zero_point) {
    options.zero_point = std::max(0, type.codes(options.narrow).qmin);
  }
  return params_with_scale({0, 0}, type, 1, options);
}

}  // namespace

CodeRange code_range(const QuantParams& params, Convention convention) {
  return convention == Convention::kTensorflow ? params.type.codes(NarrowRange::kYes)
                                               : params.codes();
}

Status check(const QuantParams& params) {
  if (!(params.scale > 0) || std::isinf(params.scale)) {
    return invalid_argument(
        fmt::format("scale {}: expected a positive finite number", params.scale));
  }
  if (!params.codes().contains(params.zero_point)) {
    return zero_point_error(params.zero_point, params.codes(), params.type);
  }
  return {};
}

Status check(const QuantParams& params, Convention convention) {
  ZP_RETURN_IF_ERROR(check(params));
  if (convention == Convention::kPytorch && std::isinf(1.0f / params.scale)) {
    return invalid_argument(fmt::format(
        "scale {}: convention pytorch multiplies by 1/scale, which is not finite", params.scale));
  }
  if (convention == Convention::kTensorrt && !(params.type.is_signed() && params.zero_point == 0)) {
    return invalid_argument(
        fmt::format("convention tensorrt: expected a signed type with zero point 0, got {} with {}",
                    params.type.name(), params.zero_point));
  }
  if (convention == Convention::kTensorflow && params.zero_point != params.type.middle()) {
    return invalid_argument(fmt::format("convention tensorflow: expected zero point {}, got {}",
                                        params.type.middle(), params.zero_point));
  }
  return {};
}

Result<QuantParams> params_with_scale(Range range, IntType type, double scale,
                                      const ParamOptions& options) {
  ZP_RETURN_IF_ERROR(check(range));
  ZP_RETURN_IF_ERROR(check_scheme(range, type, options));
  ZP_ASSIGN_OR_RETURN(const auto fixed, fixed_zero_point(type, options));
  const auto rounded = static_cast<float>(scale);
  if (!(rounded > 0) || std::isinf(rounded)) {
    return invalid_argument(fmt::format("range [{}, {}]: its scale {} is not a positive float32",
                                        range.min, range.max, scale));
  }
  QuantParams params{type, options.narrow, rounded, 0};
  if (options.convention == Convention::kTensorflow) params.narrow = NarrowRange::kYes;
  const CodeRange codes = params.codes();
  const double zero_point =
      fixed ? *fixed : computed_zero_point(range.widened_to(0), scale, codes, options.convention);
  params.zero_point = static_cast<int32_t>(std::clamp<double>(zero_point, codes.qmin, codes.qmax));
  ZP_RETURN_IF_ERROR(check(params, options.convention));
  return params;
}

Result<QuantParams> choose_params(Range range, IntType type, const ParamOptions& options) {
  ZP_RETURN_IF_ERROR(check(range));
  ZP_RETURN_IF_ERROR(check_scheme(range, type, options));
  ZP_RETURN_IF_ERROR(fixed_zero_point(type, options));
  range = range.widened_to(0);
  ZP_RETURN_IF_ERROR(check_sides(range, type, options));
  const bool pytorch = options.convention == Convention::kPytorch;
  if (pytorch) range = {static_cast<float>(range.min), static_cast<float>(range.max)};
  double scale =
      pytorch ? double{pytorch_scale(range, type, options)} : ideal_scale(range, type, options);
  if (scale < kSmallestScale) return params_of_nothing(type, options);
  if (options.scale_form == ScaleForm::kPowerOfTwo) scale = next_power_of_two(scale);
  return params_with_scale(range, type, scale, options);
}

Result<QuantParams> bias_params(float input_scale, float weight_scale) {
  const float scale = input_scale * weight_scale;
  const auto meaningful = [](float s) { return s > 0 && !std::isinf(s); };
  if (!meaningful(input_scale) || !meaningful(weight_scale) || !meaningful(scale)) {
    return invalid_argument(
        fmt::format("bias: input scale {} times weight scale {} is {}: expected positive finite "
                    "numbers",
                    input_scale, weight_scale, scale));
  }
  return QuantParams{IntType::kInt32, NarrowRange::kNo, scale, 0};
}

}  // namespace zp
