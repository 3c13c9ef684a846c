// What the tests of small_float.h expect, computed another way: from the list of a format's values,
// written out by the formula (-1)^S 2^(e - bias) (1 + m / 2^M), and the midpoints between
// neighbours. Everything here is exact in double.
#pragma once

#include <cmath>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "zeropoint/numerics/small_float.h"

namespace zp {

// A format as the pages of ONNX and OCP tabulate it.
struct FormatRow {
  const char* name;
  SmallFloat format;
  int exponent_bits;
  int mantissa_bits;
  int bias;
  uint32_t finite;  // how many codes without the sign bit are finite
  uint32_t sign;    // the sign bit
  uint32_t positive_nan;
  uint32_t negative_nan;
  uint32_t overflow;  // the code, without sign, of what is too large when not saturating
  bool negative_zero;
};

// For the output of GoogleTest.
inline void PrintTo(const FormatRow& row, std::ostream* stream) { *stream << row.name; }

inline const std::vector<FormatRow>& format_rows() {
  static const std::vector<FormatRow> rows{
      {"float16", kFloat16, 5, 10, 15, 0x7C00, 0x8000, 0x7E00, 0xFE00, 0x7C00, true},
      {"bfloat16", kBfloat16, 8, 7, 127, 0x7F80, 0x8000, 0x7FC0, 0xFFC0, 0x7F80, true},
      {"float8e4m3fn", kFloat8e4m3fn, 4, 3, 7, 0x7F, 0x80, 0x7F, 0xFF, 0x7F, true},
      {"float8e4m3fnuz", kFloat8e4m3fnuz, 4, 3, 8, 0x80, 0x80, 0x80, 0x80, 0x80, false},
      {"float8e5m2", kFloat8e5m2, 5, 2, 15, 0x7C, 0x80, 0x7E, 0xFE, 0x7C, true},
      {"float8e5m2fnuz", kFloat8e5m2fnuz, 5, 2, 16, 0x80, 0x80, 0x80, 0x80, 0x80, false},
      {"float4e2m1", kFloat4e2m1, 2, 1, 1, 8, 8, 8, 8, 7, true},
  };
  return rows;
}

// The value of every finite code without sign bit, in order, and one more: the value that would
// follow the largest if the exponent went on, which decides what rounds beyond it.
inline std::vector<double> values_and_next(const FormatRow& row) {
  std::vector<double> values;
  const uint32_t fractions = uint32_t{1} << row.mantissa_bits;
  for (uint32_t code = 0; code <= row.finite; ++code) {
    const auto field = static_cast<int>(code / fractions);
    const double fraction = double(code % fractions) / double(fractions);
    values.push_back(field == 0 ? std::pow(2.0, 1 - row.bias) * fraction
                                : std::pow(2.0, field - row.bias) * (1 + fraction));
  }
  return values;
}

// Walks upwards through magnitudes: at(x) is the code nearest to x, ties to even, for x not below
// any earlier one; row.finite stands for too large.
class NearestCode {
 public:
  explicit NearestCode(const FormatRow& row) : values_(values_and_next(row)) {}

  uint32_t at(double x) {
    while (code_ + 1 < values_.size()) {
      const double middle = (values_[code_] + values_[code_ + 1]) / 2;
      if (x < middle || (x == middle && code_ % 2 == 0)) break;
      ++code_;
    }
    return code_;
  }

 private:
  std::vector<double> values_;
  uint32_t code_ = 0;
};

// The code for a magnitude that rounds to code `nearest` (row.finite: too large), with its sign.
inline uint32_t expected_code(const FormatRow& row, uint32_t nearest, bool negative,
                              Overflow overflow) {
  const uint32_t sign = negative ? row.sign : 0;
  if (nearest == row.finite) {
    return sign | (overflow == Overflow::kSaturate ? row.finite - 1 : row.overflow);
  }
  if (nearest == 0 && !row.negative_zero) return 0;
  return sign | nearest;
}

// The value 2^(code - 127) of every float8e8m0 code that is not NaN.
inline const std::vector<double>& e8m0_values() {
  static const std::vector<double> values = [] {
    std::vector<double> powers;
    for (int code = 0; code < 0xFF; ++code) powers.push_back(std::pow(2.0, code - 127));
    return powers;
  }();
  return values;
}

// float8e8m0 by its definition, 0xFF being NaN. `below` is the largest code whose value is at most
// x, or 0.
inline uint32_t expected_e8m0(double x, uint32_t below, Overflow overflow, Rounding rounding) {
  const std::vector<double>& values = e8m0_values();
  if (std::isnan(x)) return 0xFF;
  if (x < values.front() || x > values.back()) {
    if (overflow == Overflow::kToInfinity) return 0xFF;
    return x < values.front() ? 0 : 0xFE;
  }
  switch (rounding) {
    case Rounding::kDown:
      return below;
    case Rounding::kUp:
      return x == values[below] ? below : below + 1;
    case Rounding::kNearestUp:
    case Rounding::kNearestEven:
      return x < 1.5 * values[below] ? below : below + 1;
  }
  return 0xFF;
}

}  // namespace zp
