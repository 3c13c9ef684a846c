#include "zeropoint/numerics/requantize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "zeropoint/numerics/spans.h"

namespace zp {
namespace {

constexpr int32_t kLowest = std::numeric_limits<int32_t>::min();
constexpr int32_t kHighest = std::numeric_limits<int32_t>::max();

int32_t saturate(int64_t value) {
  return static_cast<int32_t>(std::clamp<int64_t>(value, kLowest, kHighest));
}

// The accumulator times the multiplier, rounded to a whole number by the rule.
int64_t rounded_product(int32_t accumulator, const Requantizer& requantizer) {
  const auto [mantissa, shift] = requantizer.fixed;
  switch (requantizer.rule) {
    case RequantizeRule::kFloat: {
      const double product = double{static_cast<float>(accumulator) * requantizer.multiplier};
      // Clamped to where the codes saturate anyway, so that the conversion is defined.
      return static_cast<int64_t>(std::clamp(std::nearbyint(product), -0x1p40, 0x1p40));
    }
    case RequantizeRule::kTfliteDouble: {
      const int32_t shifted = saturate(int64_t{accumulator} << std::max(shift, 0));
      return rounding_divide_by_power_of_two(
          saturating_rounding_doubling_high_multiply(shifted, mantissa), std::max(-shift, 0));
    }
    case RequantizeRule::kTfliteSingle:
    case RequantizeRule::kHalfUp:
      break;
  }
  const int total_shift = 31 - shift;
  return (int64_t{accumulator} * mantissa + (int64_t{1} << (total_shift - 1))) >> total_shift;
}

}  // namespace

std::string_view name(RequantizeRule rule) {
  switch (rule) {
    case RequantizeRule::kFloat:
      return "float";
    case RequantizeRule::kTfliteDouble:
      return "tflite-double";
    case RequantizeRule::kTfliteSingle:
      return "tflite-single";
    case RequantizeRule::kHalfUp:
      return "half-up";
  }
  return "unknown";
}

Result<Requantizer> make_requantizer(double multiplier, const QuantParams& output,
                                     RequantizeRule rule) {
  ZP_RETURN_IF_ERROR(check(output));
  if (output.type.bits() > 16) {
    return invalid_argument(fmt::format(
        "requantize: expected an output type of at most 16 bits, got {}", output.type.name()));
  }
  const auto rounded = static_cast<float>(multiplier);
  if (!(rounded > 0) || std::isinf(rounded)) {
    return invalid_argument(
        fmt::format("requantize: multiplier {}: expected a positive finite float32", multiplier));
  }
  Requantizer requantizer{rule, rounded, {}, output.zero_point, output.codes()};
  if (rule != RequantizeRule::kFloat) {
    ZP_ASSIGN_OR_RETURN(
        requantizer.fixed,
        fixed_point_multiplier(rule == RequantizeRule::kHalfUp ? double{rounded} : multiplier));
  }
  return requantizer;
}

int32_t requantize(int32_t accumulator, const Requantizer& requantizer) {
  const int64_t code = rounded_product(accumulator, requantizer) + requantizer.zero_point;
  return static_cast<int32_t>(
      std::clamp<int64_t>(code, requantizer.codes.qmin, requantizer.codes.qmax));
}

Status requantize(std::span<const int32_t> accumulators, std::span<int32_t> codes,
                  const Requantizer& requantizer) {
  ZP_RETURN_IF_ERROR(check_same_size("requantize", accumulators.size(), codes.size()));
  for (size_t i = 0; i < accumulators.size(); ++i) {
    codes[i] = requantize(accumulators[i], requantizer);
  }
  return {};
}

int32_t saturating_rounding_doubling_high_multiply(int32_t a, int32_t b) {
  if (a == kLowest && b == kLowest) return kHighest;
  return static_cast<int32_t>((int64_t{a} * b + (int64_t{1} << 30)) >> 31);
}

int32_t rounding_divide_by_power_of_two(int32_t x, int exponent) {
  const int64_t mask = (int64_t{1} << exponent) - 1;
  const int64_t remainder = x & mask;
  const int64_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

}  // namespace zp
