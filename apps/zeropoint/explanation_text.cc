#include "apps/zeropoint/explanation_text.h"

#include <fmt/format.h>

#include <cmath>

#include "apps/zeropoint/number_line.h"
#include "apps/zeropoint/number_text.h"

namespace zp::app {
namespace {

std::string interval(Range range) {
  return fmt::format("[{}, {}]", shortest(range.min), shortest(range.max));
}

std::string plural(int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string range_line(const Explanation& explanation) {
  const Range asked = explanation.request.range;
  std::string line = interval(asked);
  if (explanation.covered == asked) return line;
  const bool for_zero = asked.widened_to(0) != asked;
  const bool for_exact = asked.widened_to(0) != explanation.covered;
  line += fmt::format(", widened to {}: ", interval(explanation.covered));
  if (for_zero) line += "real 0 must be a code";
  if (for_exact) {
    line += fmt::format("{}X = {} must lie in it", for_zero ? ", and " : "",
                        shortest(explanation.exact->x));
  }
  return line;
}

std::string codes_line(const Explanation& explanation) {
  const auto& codes = explanation.codes;
  return fmt::format("{}{}: {} to {}, so {}", explanation.params.type.name(),
                     explanation.params.narrow == NarrowRange::kYes ? ", lowest code left out" : "",
                     codes.qmin, codes.qmax, plural(codes.steps(), "step"));
}

std::string scheme_line(const ParamOptions& options) {
  std::string line(name(options.scheme));
  switch (options.scheme) {
    case Scheme::kAffine:
      line += options.zero_point ? ": the range on the codes, about the given zero point"
                                 : ": the range fills the codes, 0 goes where it falls";
      break;
    case Scheme::kSymmetric:
      line += ": [-a, a] on the codes, 0 on the middle one";
      break;
    case Scheme::kOneSided:
      line += ": [0, max] on the codes, 0 on the lowest";
      break;
  }
  return line;
}

std::string header_text(const Explanation& explanation) {
  const ParamOptions& options = explanation.request.options;
  std::string text =
      fmt::format("range       {}\ncodes       {}\nscheme      {}\n", range_line(explanation),
                  codes_line(explanation), scheme_line(options));
  if (options.scale_form == ScaleForm::kPowerOfTwo) text += "scale       a power of two\n";
  return text + fmt::format("convention  {}\n", name(options.convention));
}

std::string wasted_line(const WastedSteps& wasted) {
  const int64_t count = wasted.below + wasted.above;
  std::string line =
      fmt::format("{} of {} ({:.3g} %)", count, wasted.total, 100 * wasted.fraction());
  if (count > 0) line += fmt::format(": {} below the range, {} above", wasted.below, wasted.above);
  return line;
}

std::string error_line(const Explanation& explanation) {
  const double half = double{explanation.params.scale} / 2;
  const double error = explanation.largest_error;
  std::string size = brief(error);
  if (std::isinf(error)) return size + ": the code of an end stands for more than float32 holds";
  if (error == 0) return size;
  if (error == half) return size + ", half a step";
  if (error < half) return size + ", less than half a step";
  // The ends themselves are rounded in float32; a thousandth tells that from being cut off.
  if (error < half * 1.001) return size + ", half a step at an end of the range";
  return fmt::format("{}, at an end of the range that the codes do not reach", size);
}

std::string relu_line(const Explanation& explanation) {
  if (explanation.implies_relu) return "redundant before it: no code stands for less than 0";
  const int64_t below = int64_t{explanation.params.zero_point} - explanation.codes.qmin;
  return fmt::format("max(code, {}) on codes: {} for less than 0", explanation.params.zero_point,
                     below == 1 ? "1 stands" : fmt::format("{} stand", below));
}

}  // namespace

std::string to_text(const Explanation& explanation) {
  std::string text = header_text(explanation);
  text += "\nParameters, for real = scale * (code - zero_point)\n\n";
  text += scale_text(explanation) + "\n" + zero_point_text(explanation);
  text += "\nNumber line\n\n" + number_line(explanation);
  text += "\nProperties\n\n";
  text += fmt::format("  wasted steps   {}\n", wasted_line(explanation.wasted));
  text += fmt::format("  largest error  {}\n", error_line(explanation));
  text += fmt::format("  ReLU           {}\n", relu_line(explanation));
  if (!explanation.values.empty()) text += "\nValues\n\n" + values_text(explanation);
  return text;
}

}  // namespace zp::app
