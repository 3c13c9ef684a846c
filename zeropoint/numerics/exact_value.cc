#include "zeropoint/numerics/exact_value.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "zeropoint/numerics/quantize.h"

namespace zp {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The value nearest to x that was found to be a code, and its code.
struct Nearest {
  double distance = std::numeric_limits<double>::infinity();
  float value = 0;
  int32_t code = 0;
};

// Whether x is exactly a code; otherwise remembers how close it comes.
bool is_exact(float x, const QuantParams& params, Convention convention, Nearest& nearest) {
  const int32_t code = quantize(x, params, convention);
  const float value = dequantize(code, params);
  const double distance = std::abs(double{value} - double{x});
  if (distance < nearest.distance) nearest = {distance, value, code};
  return value == x;
}

}  // namespace

Result<QuantParams> choose_params_exact(Range range, IntType type, float x,
                                        const ParamOptions& options) {
  if (!std::isfinite(x)) {
    return invalid_argument(fmt::format("exact value {}: expected a finite number", x));
  }
  ZP_RETURN_IF_ERROR(check(range));
  range = range.widened_to(double{x});
  ZP_ASSIGN_OR_RETURN(const QuantParams finest, choose_params(range, type, options));
  Nearest nearest;
  if (is_exact(x, finest, options.convention, nearest)) return finest;

  const float magnitude = std::abs(x);
  const double coarsest = double{finest.scale} * kLargestScaleGrowth;
  const bool any_scale = options.scale_form == ScaleForm::kAny;
  for (double k = std::floor(magnitude / double{finest.scale});
       any_scale && k >= 1 && magnitude / k <= coarsest; --k) {
    const auto middle = static_cast<float>(magnitude / k);
    // Where any scale is exact, x / k rounded is, but for an x that is a power of two: below it
    // floats lie twice as close as above, so that the other neighbour of x / k may do.
    for (const float scale :
         {middle, std::nextafter(middle, kInfinity), std::nextafter(middle, 0.0f)}) {
      if (scale < finest.scale) continue;
      ZP_ASSIGN_OR_RETURN(const QuantParams params,
                          params_with_scale(range, type, double{scale}, options));
      if (is_exact(x, params, options.convention, nearest)) return params;
    }
  }
  return invalid_argument(fmt::format(
      "exact value {}: no {} scale for the range [{}, {}] makes it a code of {}; the nearest is "
      "code {}, which stands for {}, {:.3g} away; widen the range or take a type with more bits",
      x, any_scale ? "float32" : "power-of-two", range.min, range.max, type.name(), nearest.code,
      nearest.value, nearest.distance));
}

}  // namespace zp
