// Each value's way to its code and back.
#include <fmt/format.h>

#include <cmath>
#include <string_view>
#include <vector>

#include "apps/zeropoint/explanation_text.h"
#include "apps/zeropoint/number_text.h"

namespace zp::app {
namespace {

constexpr std::string_view kIndent = "      ";

std::string_view rounding_name(Convention convention) {
  const bool half_away = convention == Convention::kTflite || convention == Convention::kTensorflow;
  return half_away ? "half away from zero" : "half to even";
}

// The formulas, once, above the values.
std::string rule_text(const Explanation& explanation) {
  const Convention convention = explanation.request.options.convention;
  std::string formula;
  switch (convention) {
    case Convention::kOnnx:
    case Convention::kTflite:
      formula = "round(x / scale) + zero_point";
      break;
    case Convention::kPytorch:
      formula = "round(x * (1 / scale)) + zero_point";
      break;
    case Convention::kTensorflow:
      formula = "round(x / scale + zero_point)";
      break;
    case Convention::kTensorrt:
      formula = "round(x / scale)";
      break;
  }
  return fmt::format(
      "  code = {}, saturated to [{}, {}]\n"
      "         round: {}\n"
      "  back = scale * (code - zero_point)\n",
      formula, explanation.codes.qmin, explanation.codes.qmax, rounding_name(convention));
}

// The value as it was written, and as float32 if that is another number.
std::string given_text(const GivenValue& given) {
  if (std::isnan(given.x)) return "nan";
  if (std::isinf(given.x) && !std::isinf(given.number)) {
    return fmt::format("{} (beyond float32: {})", given.text, shortest(given.x));
  }
  if (given.number == shortest_number(given.x)) return shortest(given.x);
  return fmt::format("{} (in float32 {})", given.text, shortest(given.x));
}

// "x / scale", in the convention's form.
std::string scaled_text(float x, const Explanation& explanation) {
  const float scale = explanation.params.scale;
  switch (explanation.request.options.convention) {
    case Convention::kPytorch:
      return fmt::format("{} * {}", shortest(x), shortest(1.0f / scale));
    case Convention::kTensorflow:
      return fmt::format("{} / {} + {}", shortest(x), shortest(scale),
                         explanation.params.zero_point);
    default:
      return fmt::format("{} / {}", shortest(x), shortest(scale));
  }
}

bool is_tie(double value) { return std::abs(value - std::trunc(value)) == 0.5; }

std::string nan_text(Convention convention) {
  if (convention == Convention::kOnnx) return "not a number: ONNX Runtime gives the lowest code";
  if (convention == Convention::kTensorrt) return "not a number: TensorRT gives 0";
  return fmt::format("not a number: {} does not say; here it gets the lowest code",
                     name(convention));
}

// In the fewest digits, but every digit of a whole number.
std::string quotient_text(float quotient) {
  const bool whole = quotient == std::trunc(quotient) && std::abs(quotient) < 0x1p31f;
  return whole ? shortest(double{quotient} + 0.0) : shortest(quotient);
}

// The steps from the value to its code.
std::vector<std::string> to_code(const ExplainedValue& value, const Explanation& explanation) {
  const Convention convention = explanation.request.options.convention;
  const int32_t zero_point = explanation.params.zero_point;
  if (std::isnan(value.given.x)) return {nan_text(convention)};
  const std::string scaled = scaled_text(value.given.x, explanation);
  std::vector<std::string> steps;
  const std::string quotient = fmt::format("{} = {}", scaled, quotient_text(value.scaled));
  const std::string rounded = shortest(value.rounded + 0.0);
  // float32 may make a tie or, where it multiplies by a rounded 1 / scale, lose one.
  const bool tie_in_full = is_tie(value.unrounded_scaled);
  if (value.is_tie && !tie_in_full) {
    steps.push_back(
        fmt::format("{}, a tie in float32 (in full {:.10g})", quotient, value.unrounded_scaled));
    steps.push_back(fmt::format("{} gives {}", rounding_name(convention), rounded));
  } else if (value.is_tie) {
    steps.push_back(
        fmt::format("{}, a tie: {} gives {}", quotient, rounding_name(convention), rounded));
  } else if (tie_in_full) {
    steps.push_back(fmt::format("{} in float32 (in full {}, a tie)", quotient,
                                shortest(value.unrounded_scaled)));
    steps.push_back("rounds to " + rounded);
  } else if (value.rounded != double{value.scaled}) {
    steps.push_back(fmt::format("{}, rounds to {}", quotient, rounded));
  } else {
    steps.push_back(quotient);
  }
  const bool adds_zero_point = convention != Convention::kTensorflow && zero_point != 0;
  const bool is_huge = !(std::abs(value.rounded) < 0x1p24);
  if (adds_zero_point && !is_huge) {
    steps.push_back(
        fmt::format("{} + {} = {}", rounded, operand(zero_point), shortest(value.steps_and_zero)));
  }
  if (value.saturated) {
    const bool above = value.steps_and_zero > value.code;
    steps.push_back(fmt::format("{} {}: saturates to it", above ? "above" : "below", value.code));
  }
  return steps;
}

// On one line with semicolons as far as they fit, indented.
std::string joined(const std::vector<std::string>& steps) {
  constexpr size_t kWidth = 80;
  std::string text;
  std::string line;
  for (const std::string& step : steps) {
    if (!line.empty() && kIndent.size() + line.size() + step.size() + 3 > kWidth) {
      text += fmt::format("{}{};\n", kIndent, line);
      line.clear();
    }
    line += (line.empty() ? "" : "; ") + step;
  }
  return text + fmt::format("{}{}\n", kIndent, line);
}

std::string value_text(const ExplainedValue& value, const Explanation& explanation) {
  const QuantParams& params = explanation.params;
  std::string text = fmt::format("\n  {} -> code {} -> {}", given_text(value.given), value.code,
                                 shortest(value.dequantized));
  if (value.error == 0) {
    text += ", exact\n";
  } else {
    text += std::isfinite(value.error) ? fmt::format(", error {}\n", brief(value.error)) : "\n";
  }
  text += joined(to_code(value, explanation));
  text += fmt::format("{}{} * ({} - {}) = {}{}\n", kIndent, shortest(params.scale), value.code,
                      operand(params.zero_point), shortest(value.dequantized),
                      std::isinf(value.dequantized) ? ", beyond float32" : "");
  return text;
}

}  // namespace

std::string values_text(const Explanation& explanation) {
  std::string text = rule_text(explanation);
  for (const ExplainedValue& value : explanation.values) text += value_text(value, explanation);
  return text;
}

}  // namespace zp::app
