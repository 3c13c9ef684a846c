#include "zeropoint/numerics/multiplier.h"

#include <fmt/format.h>

#include <cmath>

namespace zp {
namespace {

constexpr int kLargestShift = 30;
constexpr int kSmallestShift = -31;

}  // namespace

Result<FixedPointMultiplier> fixed_point_multiplier(double real) {
  if (!(real >= 0) || std::isinf(real)) {
    return invalid_argument(
        fmt::format("multiplier {}: expected a finite number of at least 0", real));
  }
  FixedPointMultiplier result;
  const double mantissa = std::round(std::ldexp(std::frexp(real, &result.shift), 31));
  if (mantissa == 0x1p31) {
    result.mantissa = 1 << 30;
    ++result.shift;
  } else {
    result.mantissa = static_cast<int32_t>(mantissa);
  }
  if (result.shift > kLargestShift) {
    return invalid_argument(fmt::format("multiplier {}: expected less than 2^30", real));
  }
  if (result.shift < kSmallestShift) return FixedPointMultiplier{};
  return result;
}

double to_real(FixedPointMultiplier multiplier) {
  return std::ldexp(static_cast<double>(multiplier.mantissa), multiplier.shift - 31);
}

}  // namespace zp
