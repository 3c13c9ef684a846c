// From an int32 accumulator, whose scale is input_scale * weight_scale, to a code of the output:
// round(accumulator * multiplier) + zero_point, saturated, with multiplier = input_scale *
// weight_scale / output_scale. The rules differ in how the product is represented and rounded;
// docs/numerics.md derives them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "zeropoint/numerics/multiplier.h"
#include "zeropoint/numerics/params.h"

namespace zp {

enum class RequantizeRule {
  // RNE(float32(accumulator) * float32 multiplier): ONNX Runtime.
  kFloat,
  // TensorFlow Lite's default: saturating rounding doubling high multiply, then a rounding shift
  // half away from zero. Two roundings. A multiplier of 1 or more first shifts the accumulator to
  // the left, saturated to int32 where TensorFlow Lite overflows.
  kTfliteDouble,
  // TensorFlow Lite with TFLITE_SINGLE_ROUNDING: floor(accumulator * m * 2^-n + 1/2), once.
  kTfliteSingle,
  // floor(accumulator * float32 multiplier + 1/2), exact before the one rounding: XNNPACK's rndnu.
  kHalfUp,
};

inline constexpr std::array kRequantizeRules{RequantizeRule::kFloat, RequantizeRule::kTfliteDouble,
                                             RequantizeRule::kTfliteSingle,
                                             RequantizeRule::kHalfUp};

std::string_view name(RequantizeRule rule);

// One output channel's multiplier in the form that the rule needs.
struct Requantizer {
  RequantizeRule rule = RequantizeRule::kFloat;
  float multiplier = 0;        // kFloat
  FixedPointMultiplier fixed;  // the others
  int32_t zero_point = 0;
  CodeRange codes;
};

// Errors: a multiplier that is not positive and finite, or beyond what the rule represents; output
// parameters without meaning or of int32.
Result<Requantizer> make_requantizer(double multiplier, const QuantParams& output,
                                     RequantizeRule rule);

int32_t requantize(int32_t accumulator, const Requantizer& requantizer);

// Over spans; unequal lengths are an error.
Status requantize(std::span<const int32_t> accumulators, std::span<int32_t> codes,
                  const Requantizer& requantizer);

// floor((a * b + 2^30) / 2^31), saturated only at a = b = INT32_MIN (gemmlowp's SRDHM).
int32_t saturating_rounding_doubling_high_multiply(int32_t a, int32_t b);

// x / 2^exponent rounded to nearest, half away from zero; exponent in [0, 31].
int32_t rounding_divide_by_power_of_two(int32_t x, int exponent);

}  // namespace zp
