#include "apps/zeropoint/explain.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/zeropoint/explanation.h"
#include "apps/zeropoint/explanation_json.h"
#include "apps/zeropoint/explanation_text.h"
#include "apps/zeropoint/parse.h"

namespace zp::app {
namespace {

constexpr const char* kDescription = "Scale and zero point of a range, step by step";

constexpr const char* kFooter =
    "Without --convention it is onnx, without --scheme the one the convention uses.\n"
    "Example: zeropoint explain --range -20:1000 --type uint8 --value 0 --value 37.5";

// As written on the command line.
struct ExplainArguments {
  std::string range;
  std::string type;
  std::optional<std::string> scheme;
  std::optional<std::string> convention;
  std::optional<std::string> zero_point;
  std::optional<std::string> exact;
  std::vector<std::string> values;
  bool narrow = false;
  bool power_of_two = false;
  bool json = false;
};

Result<ExplainRequest> request_of(const ExplainArguments& arguments) {
  ExplainRequest request;
  if (arguments.range.empty()) {
    return invalid_argument("--range is missing: expected --range MIN:MAX, such as -20:1000");
  }
  if (arguments.type.empty()) {
    return invalid_argument("--type is missing: expected --type TYPE, such as uint8 or int4");
  }
  ZP_ASSIGN_OR_RETURN(request.range, parse_range("--range", arguments.range));
  ZP_ASSIGN_OR_RETURN(request.type, IntType::parse(arguments.type));
  ParamOptions& options = request.options;
  if (arguments.convention) {
    ZP_ASSIGN_OR_RETURN(options.convention, parse_convention(*arguments.convention));
  }
  options.scheme = default_scheme(options.convention);
  if (arguments.scheme) {
    ZP_ASSIGN_OR_RETURN(options.scheme, parse_scheme(*arguments.scheme));
  }
  if (arguments.narrow) options.narrow = NarrowRange::kYes;
  if (arguments.power_of_two) options.scale_form = ScaleForm::kPowerOfTwo;
  if (arguments.zero_point) {
    ZP_ASSIGN_OR_RETURN(options.zero_point, parse_int32("--zero-point", *arguments.zero_point));
  }
  if (arguments.exact) {
    ZP_ASSIGN_OR_RETURN(const GivenValue exact, parse_value("--exact", *arguments.exact));
    request.exact = exact.x;
  }
  for (const std::string& text : arguments.values) {
    ZP_ASSIGN_OR_RETURN(request.values.emplace_back(), parse_value("--value", text));
  }
  return request;
}

void add_options(CLI::App* command, ExplainArguments& arguments) {
  command->add_option("--range", arguments.range, "the smallest and the largest value")
      ->type_name("MIN:MAX");
  command->add_option("--type", arguments.type, "int2 to int16, uint2 to uint16, int32")
      ->type_name("TYPE");
  command->add_option("--scheme", arguments.scheme, "affine, symmetric or one-sided")
      ->type_name("SCHEME");
  command->add_flag("--narrow", arguments.narrow, "leave out the lowest code");
  command->add_option("--zero-point", arguments.zero_point, "the code that stands for 0")
      ->type_name("CODE");
  command
      ->add_option("--convention", arguments.convention,
                   "onnx, pytorch, tflite, tensorflow or tensorrt")
      ->type_name("NAME");
  command->add_flag("--power-of-two", arguments.power_of_two, "only powers of two as scale");
  command->add_option("--exact", arguments.exact, "a value that must be exactly a code")
      ->type_name("X");
  command
      ->add_option("--value", arguments.values, "show what becomes of this value; may be repeated")
      ->type_name("V")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_flag("--json", arguments.json, "print JSON for programs instead of text");
}

// Every error here is one of the arguments.
Result<std::string> explanation_of(const ExplainArguments& arguments) {
  ZP_ASSIGN_OR_RETURN(const ExplainRequest request, request_of(arguments));
  ZP_ASSIGN_OR_RETURN(const Explanation explanation, explain(request));
  return arguments.json ? to_json(explanation) : to_text(explanation);
}

}  // namespace

Command add_explain(CLI::App& app) {
  CLI::App* command = app.add_subcommand("explain", kDescription);
  command->footer(kFooter);
  command->allow_extras();
  const auto arguments = std::make_shared<ExplainArguments>();
  add_options(command, *arguments);
  return {command, [arguments]() -> Result<Work> {
            ZP_ASSIGN_OR_RETURN(std::string text, explanation_of(*arguments));
            return [text = std::move(text)] { return text; };
          }};
}

}  // namespace zp::app
