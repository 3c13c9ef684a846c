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

// Prints the numbers of a derivation: pytorch's are float32, the others double.
class Printer {
 public:
  explicit Printer(Convention convention) : single_(convention == Convention::kPytorch) {}

  std::string number(double value) const {
    return single_ ? shortest(static_cast<float>(value) + 0.0f) : shortest(value + 0.0);
  }
  std::string operand(double value) const {
    return value < 0 ? fmt::format("({})", number(value)) : number(value);
  }

 private:
  bool single_;
};

Printer printer_of(const Explanation& explanation) {
  return Printer(explanation.request.options.convention);
}

// "255 - 0", "127 - (-128)".
std::string difference(int32_t a, int32_t b) { return fmt::format("{} - {}", a, operand(b)); }

// The formula in symbols, with numbers, and with what can be computed at once.
void span_formula(Formula& formula, Range range, CodeRange codes, const Printer& printer) {
  formula.equals("(max - min) / (qmax - qmin)")
      .equals(fmt::format("({} - {}) / ({})", printer.number(range.max), printer.operand(range.min),
                          difference(codes.qmax, codes.qmin)))
      .equals(fmt::format("{} / {}", printer.number(range.width()), codes.steps()));
}

// A zero point at an end of the codes has steps on one side only, and so have the reals.
void given_zero_point_formula(Formula& formula, Range range, const QuantParams& params,
                              const Printer& printer) {
  const CodeRange codes = params.codes();
  const std::string above = fmt::format("{} / ({})", printer.number(range.max),
                                        difference(codes.qmax, params.zero_point));
  const std::string below = fmt::format("{} / ({})", printer.number(-range.min),
                                        difference(params.zero_point, codes.qmin));
  if (params.zero_point == codes.qmin) {
    formula.equals("max / (qmax - zero_point)").equals(above);
  } else if (params.zero_point == codes.qmax) {
    formula.equals("-min / (zero_point - qmin)").equals(below);
  } else {
    formula.equals("max(max / (qmax - zero_point), -min / (zero_point - qmin))")
        .equals(fmt::format("max({}, {})", above, below));
  }
}

std::string magnitude_text(Range range, const Printer& printer) {
  return fmt::format("  a = max(|min|, |max|) = max({}, {}) = {}\n\n",
                     printer.number(std::abs(range.min)), printer.number(std::abs(range.max)),
                     printer.number(range.magnitude()));
}

// In symbols, with numbers, and its value.
void write_formula(Formula& formula, const Explanation& explanation) {
  const ScaleDerivation& scale = explanation.scale;
  const Range range = scale.range;
  const QuantParams& params = explanation.params;
  const CodeRange codes = params.codes();
  const Printer printer = printer_of(explanation);
  const std::string magnitude = printer.number(range.magnitude());
  const std::string steps = difference(codes.qmax, codes.qmin);
  const bool pytorch = explanation.request.options.convention == Convention::kPytorch;
  switch (scale.formula) {
    case ScaleFormula::kSpan:
      span_formula(formula, range, codes, printer);
      break;
    case ScaleFormula::kGivenZeroPoint:
      given_zero_point_formula(formula, range, params, printer);
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
      formula.equals("max / qmax")
          .equals(fmt::format("{} / {}", printer.number(range.max), codes.qmax));
      break;
  }
  formula.equals(printer.number(scale.formula_value) + (pytorch ? "      all in float32" : ""));
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
  const bool power_of_two = explanation.request.options.scale_form == ScaleForm::kPowerOfTwo;
  if (power_of_two && scale.limit != ScaleLimit::kOne) {
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
    text += magnitude_text(explanation.scale.range, printer_of(explanation));
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
  const Printer printer = printer_of(explanation);
  const std::string min_over_scale =
      fmt::format("{} / {}", printer.operand(zero.range.min), printer.number(zero.scale));
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
          .equals(fmt::format("round({} - {})", codes.qmin, min_over_scale))
          .equals(fmt::format("round({})", printer.number(zero.from_min)))
          .equals(shortest(zero.rounded + 0.0));
      break;
    case ZeroPointFormula::kPytorch:
      formula.equals("qmin - round(min / scale)      half to even, in float32")
          .equals(fmt::format("{} - round({})", codes.qmin, min_over_scale))
          .equals(fmt::format("{} - round({})", codes.qmin, printer.number(zero.min_over_scale)))
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
