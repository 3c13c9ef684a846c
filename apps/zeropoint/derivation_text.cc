// The derivation of scale and zero point: each formula first in symbols, then with its numbers.
#include <fmt/format.h>

#include <cmath>

#include "apps/zeropoint/explanation_text.h"
#include "apps/zeropoint/number_text.h"

namespace zp::app {
namespace {

// "  name = first\n", and the same sign of equality under it on the next lines.
class Formula {
 public:
  explicit Formula(std::string_view name) : name_(name) {}

  Formula& line(std::string_view sign, const std::string& text) {
    text_ += fmt::format("  {:<{}} {} {}\n", text_.empty() ? name_ : "", name_.size(), sign, text);
    return *this;
  }
  Formula& equals(const std::string& text) { return line("=", text); }
  Formula& becomes(const std::string& text) { return line("->", text); }
  const std::string& text() const { return text_; }

 private:
  std::string name_;
  std::string text_;
};

// A difference of codes or reals: "1000 - (-20)".
template <class Number>
std::string difference(Number a, Number b) {
  return fmt::format("{} - {}", a, operand(b));
}

std::string scale_number(double scale, const Explanation& explanation) {
  const bool single = explanation.request.options.convention == Convention::kPytorch;
  return single ? shortest(static_cast<float>(scale)) : shortest(scale);
}

// The formula in symbols, with numbers, and with what can be computed at once.
void span_formula(Formula& formula, Range range, CodeRange codes) {
  formula.equals("(max - min) / (qmax - qmin)")
      .equals(fmt::format("({}) / ({})", difference(range.max, range.min),
                          difference(codes.qmax, codes.qmin)))
      .equals(fmt::format("{} / {}", shortest(range.width()), codes.steps()));
}

// A zero point at an end of the codes has steps on one side only, and so have the reals.
void given_zero_point_formula(Formula& formula, Range range, CodeRange codes, int32_t zero_point) {
  const std::string above =
      fmt::format("{} / ({})", shortest(range.max), difference(codes.qmax, zero_point));
  const std::string below =
      fmt::format("{} / ({})", shortest(-range.min + 0.0), difference(zero_point, codes.qmin));
  if (zero_point == codes.qmin) {
    formula.equals("max / (qmax - zero_point)").equals(above);
  } else if (zero_point == codes.qmax) {
    formula.equals("-min / (zero_point - qmin)").equals(below);
  } else {
    formula.equals("max(max / (qmax - zero_point), -min / (zero_point - qmin))")
        .equals(fmt::format("max({}, {})", above, below));
  }
}

std::string magnitude_text(Range range) {
  return fmt::format("  a = max(|min|, |max|) = max({}, {}) = {}\n\n",
                     shortest(std::abs(range.min)), shortest(std::abs(range.max)),
                     shortest(range.magnitude()));
}

// In symbols, with numbers, and its value.
void write_formula(Formula& formula, const Explanation& explanation) {
  const ScaleDerivation& scale = explanation.scale;
  const Range range = scale.range;
  const QuantParams& params = explanation.params;
  const CodeRange codes = params.codes();
  const std::string magnitude = shortest(range.magnitude());
  const std::string steps = difference(codes.qmax, codes.qmin);
  const bool pytorch = explanation.request.options.convention == Convention::kPytorch;
  switch (scale.formula) {
    case ScaleFormula::kSpan:
      span_formula(formula, range, codes);
      break;
    case ScaleFormula::kGivenZeroPoint:
      given_zero_point_formula(formula, range, codes, params.zero_point);
      break;
    case ScaleFormula::kTwoSided:
      if (pytorch) {
        formula.equals("a / ((qmax - qmin) / 2)")
            .equals(fmt::format("{} / (({}) / 2)", magnitude, steps));
      } else {
        formula.equals("2a / (qmax - qmin)").equals(fmt::format("2 * {} / ({})", magnitude, steps));
      }
      break;
    case ScaleFormula::kTopCode:
      formula.equals("a / qmax").equals(fmt::format("{} / {}", magnitude, codes.qmax));
      break;
    case ScaleFormula::kAllSteps:
      formula.equals("2a / (2^b - 1)      the lowest code is left out, but its step counts")
          .equals(fmt::format("2 * {} / {}", magnitude, params.type.codes().steps()));
      break;
    case ScaleFormula::kOneSided:
      formula.equals("max / qmax").equals(fmt::format("{} / {}", shortest(range.max), codes.qmax));
      break;
  }
  formula.equals(scale_number(scale.formula_value, explanation) +
                 (pytorch ? "      all in float32" : ""));
}

// What becomes of the formula's value until it is the scale.
void write_adjustments(Formula& formula, const Explanation& explanation) {
  const ScaleDerivation& scale = explanation.scale;
  if (scale.limit == ScaleLimit::kOne) {
    formula.becomes("1, as that is below the smallest normal float32, 1.1754944e-38");
  }
  if (scale.limit == ScaleLimit::kEpsilon) {
    formula.becomes("1.1920929e-07, pytorch's least, FLT_EPSILON");
  }
  if (explanation.request.options.scale_form == ScaleForm::kPowerOfTwo) {
    int exponent = 0;
    std::frexp(scale.used, &exponent);
    formula.becomes(fmt::format("2^{} = {}, the power of two not below it", exponent - 1,
                                shortest(scale.used)));
  }
  const auto& exact = explanation.exact;
  const float rounded = exact ? exact->finest.scale : explanation.params.scale;
  const double error = (double{rounded} - scale.used) / scale.used;
  if (error != 0) {
    formula.becomes(fmt::format("{}, the nearest float32 (too {} by {:.2g} of it)",
                                shortest(rounded), error > 0 ? "large" : "small", std::abs(error)));
  }
}

std::string exact_text(const ExactStep& exact, const QuantParams& params) {
  std::string text =
      fmt::format("\n  X = {} must be a code: code {} stands for {}", shortest(exact.x),
                  exact.finest_code, shortest(exact.finest_value));
  if (!exact.changed_scale()) return text + ", it is one\n";
  const int32_t steps = exact.code - params.zero_point;
  text += ",\n  so a coarser scale is taken, of which X is a whole number of steps:\n\n";
  Formula formula("scale");
  formula.equals(fmt::format("X / k, k = {}", steps))
      .equals(fmt::format("{} / {}", shortest(exact.x), operand(steps)));
  formula.becomes(fmt::format("{} as float32, where {} * {} = {}", shortest(params.scale), steps,
                              shortest(params.scale), shortest(exact.x)));
  text += formula.text();
  return text;
}

std::string quotient(double numerator, const std::string& scale) {
  return fmt::format("{} / {}", operand(numerator), scale);
}

std::string nudged_text(const ZeroPointDerivation& zero, CodeRange codes) {
  const std::string scale = shortest(zero.scale);
  const bool from_min = zero.from_min_size < zero.from_max_size;
  std::string text = "  zero_point comes from the end whose terms are smaller:\n\n";
  text += fmt::format("    from min: qmin - min / scale = {} - {} = {}\n", codes.qmin,
                      quotient(zero.range.min, scale), shortest(zero.from_min));
  text += fmt::format("              |qmin| + |min / scale| = {}\n", shortest(zero.from_min_size));
  text += fmt::format("    from max: qmax - max / scale = {} - {} = {}\n", codes.qmax,
                      quotient(zero.range.max, scale), shortest(zero.from_max));
  text +=
      fmt::format("              |qmax| + |max / scale| = {}\n\n", shortest(zero.from_max_size));
  const double chosen = from_min ? zero.from_min : zero.from_max;
  Formula formula("zero_point");
  formula.equals(fmt::format("round(from {})      half away from zero", from_min ? "min" : "max"))
      .equals(fmt::format("round({})", shortest(chosen)))
      .equals(shortest(zero.rounded + 0.0));
  return text + formula.text();
}

}  // namespace

std::string scale_text(const Explanation& explanation) {
  std::string text;
  if (explanation.request.options.scheme == Scheme::kSymmetric) {
    text += magnitude_text(explanation.scale.range);
  }
  Formula formula("scale");
  write_formula(formula, explanation);
  write_adjustments(formula, explanation);
  text += formula.text();
  if (explanation.exact) text += exact_text(*explanation.exact, explanation.params);
  return text;
}

std::string zero_point_text(const Explanation& explanation) {
  const ZeroPointDerivation& zero = explanation.zero_point;
  const QuantParams& params = explanation.params;
  const CodeRange codes = params.codes();
  const ParamOptions& options = explanation.request.options;
  const std::string scale = scale_number(zero.scale, explanation);
  Formula formula("zero_point");
  switch (zero.formula) {
    case ZeroPointFormula::kFixed: {
      std::string_view reason = ", as given";
      if (options.scheme == Scheme::kOneSided) reason = ", the lowest code";
      if (options.scheme == Scheme::kSymmetric) reason = ", the middle code";
      formula.equals(fmt::format("{}{}", params.zero_point, reason));
      break;
    }
    case ZeroPointFormula::kNothing:
      formula.equals(fmt::format("{}{}, as the range holds nothing that is told apart from 0",
                                 params.zero_point,
                                 params.zero_point == 0 ? "" : ", the lowest code"));
      break;
    case ZeroPointFormula::kFromMin:
      formula.equals("round(qmin - min / scale)      half to even")
          .equals(fmt::format("round({} - {})", codes.qmin, quotient(zero.range.min, scale)))
          .equals(fmt::format("round({})", shortest(zero.from_min)))
          .equals(shortest(zero.rounded + 0.0));
      break;
    case ZeroPointFormula::kPytorch:
      formula.equals("qmin - round(min / scale)      half to even, in float32")
          .equals(fmt::format("{} - round({})", codes.qmin, quotient(zero.range.min, scale)))
          .equals(fmt::format("{} - round({})", codes.qmin,
                              shortest(static_cast<float>(zero.min_over_scale))))
          .equals(shortest(zero.rounded + 0.0));
      break;
    case ZeroPointFormula::kNudged:
      return nudged_text(zero, codes);
  }
  std::string text = formula.text();
  if (zero.rounded != params.zero_point) {
    text += fmt::format("  saturated to the codes: zero_point = {}\n", params.zero_point);
  }
  return text;
}

}  // namespace zp::app
