#include "zeropoint/numerics/small_float.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace zp {
namespace {

// The exponent of the smallest normal value; subnormals share its spacing.
int min_exponent(const SmallFloat& format) { return (format.is_signed() ? 1 : 0) - format.bias; }

// floor(log2(magnitude)), or -1023 for the subnormals of double and 0: below any format's.
int binade(double magnitude) {
  return static_cast<int>(std::bit_cast<uint64_t>(magnitude) >> 52) - 1023;
}

// 2^exponent for a normal double, exactly; as ldexp would give, which is slow.
double power_of_two(int exponent) {
  return std::bit_cast<double>(static_cast<uint64_t>(exponent + 1023) << 52);
}

uint32_t nan_code(const SmallFloat& format, uint32_t sign) {
  switch (format.nan) {
    case NanCodes::kNone:
    case NanCodes::kNegativeZero:
      return format.sign_bit();
    case NanCodes::kAllOnes:
      return sign | (format.max_code() + 1);
    case NanCodes::kIeee:
      // The quiet NaN without payload: the highest mantissa bit.
      return sign | format.infinity_code() | uint32_t{1} << (format.mantissa_bits - 1);
  }
  return 0;
}

uint32_t overflow_code(const SmallFloat& format, uint32_t sign, Overflow overflow) {
  if (overflow == Overflow::kSaturate || format.nan == NanCodes::kNone) {
    return sign | format.max_code();
  }
  return format.has_infinity() ? sign | format.infinity_code() : nan_code(format, sign);
}

// A magnitude in units of the last place, at most 2^11 of them, to a whole number of units.
double round_steps(double steps, Rounding rounding) {
  switch (rounding) {
    case Rounding::kNearestEven:
      return std::nearbyint(steps);
    case Rounding::kNearestUp:
      return std::round(steps);
    case Rounding::kUp:
      return std::ceil(steps);
    case Rounding::kDown:
      return std::trunc(steps);
  }
  return steps;
}

}  // namespace

std::optional<SmallFloat> small_float(ElementType type) {
  switch (type) {
    case ElementType::kFloat16:
      return kFloat16;
    case ElementType::kBfloat16:
      return kBfloat16;
    case ElementType::kFloat8e4m3fn:
      return kFloat8e4m3fn;
    case ElementType::kFloat8e4m3fnuz:
      return kFloat8e4m3fnuz;
    case ElementType::kFloat8e5m2:
      return kFloat8e5m2;
    case ElementType::kFloat8e5m2fnuz:
      return kFloat8e5m2fnuz;
    case ElementType::kFloat4e2m1:
      return kFloat4e2m1;
    case ElementType::kFloat8e8m0:
      return kFloat8e8m0;
    default:
      return std::nullopt;
  }
}

float decode(const SmallFloat& format, uint32_t code) {
  const uint32_t magnitude =
      code & ((uint32_t{1} << (format.exponent_bits + format.mantissa_bits)) - 1);
  const float sign = (code & format.sign_bit()) != 0 ? -1.0f : 1.0f;
  const float nan = std::copysign(std::numeric_limits<float>::quiet_NaN(), sign);
  if (format.nan == NanCodes::kNegativeZero && magnitude == 0 && sign < 0) return nan;
  if (magnitude > format.max_code()) {
    const bool infinite = format.has_infinity() && magnitude == format.infinity_code();
    return infinite ? sign * std::numeric_limits<float>::infinity() : nan;
  }
  const uint32_t hidden = uint32_t{1} << format.mantissa_bits;
  const uint32_t fraction = magnitude & (hidden - 1);
  const auto field = static_cast<int>(magnitude >> format.mantissa_bits);
  const bool subnormal = field == 0 && format.is_signed();
  const auto steps = static_cast<float>(subnormal ? fraction : fraction | hidden);
  const int exponent = subnormal ? min_exponent(format) : field - format.bias;
  return sign * std::ldexp(steps, exponent - format.mantissa_bits);
}

uint32_t encode(const SmallFloat& format, double value, Overflow overflow, Rounding rounding) {
  const uint32_t sign = std::signbit(value) ? format.sign_bit() : 0;
  if (std::isnan(value)) return nan_code(format, sign);
  if (!format.is_signed()) {
    // Without a sign there is no mantissa either: code c is 2^(c - bias).
    const double lowest = power_of_two(-format.bias);
    const double highest = power_of_two(static_cast<int>(format.max_code()) - format.bias);
    if (value < lowest) return overflow == Overflow::kSaturate ? 0 : nan_code(format, 0);
    if (value > highest) return overflow_code(format, 0, overflow);
  }
  const double magnitude = std::fabs(value);
  if (std::isinf(magnitude)) return overflow_code(format, sign, overflow);

  // The spacing of codes around the value is 2^unit: that of its binade, or of the subnormals.
  const int lowest = min_exponent(format);
  const int exponent = std::max(binade(magnitude), lowest);
  const int unit = exponent - format.mantissa_bits;
  const double steps = round_steps(magnitude * power_of_two(-unit), rounding);
  // In the lowest binade steps is the code; each binade above adds its exponent field on top. A
  // carry out of the mantissa moves into the exponent, as it should. Without subnormals the
  // hidden bit, which the lowest binade then carries too, is taken off again.
  const auto hidden = format.is_signed() ? uint32_t{0} : uint32_t{1} << format.mantissa_bits;
  const uint32_t code = (static_cast<uint32_t>(exponent - lowest) << format.mantissa_bits) +
                        static_cast<uint32_t>(steps) - hidden;
  if (code > format.max_code()) return overflow_code(format, sign, overflow);
  if (code == 0 && format.nan == NanCodes::kNegativeZero) return 0;
  return sign | code;
}

float round_to(const SmallFloat& format, double value) {
  return decode(format, encode(format, value, Overflow::kToInfinity));
}

}  // namespace zp
