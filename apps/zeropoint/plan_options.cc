#include "apps/zeropoint/plan_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "zeropoint/quantizer/recipe.h"
#include "zeropoint/quantizer/selection.h"

namespace zp::app {
namespace {

constexpr const char* kGroup = "What is quantized, and how";

Result<Cpu> parse_cpu(const std::string& text) {
  if (text == "any") return Cpu::kAny;
  if (text == "vnni") return Cpu::kVnni;
  if (text == "avx2") return Cpu::kAvx2;
  return invalid_argument(fmt::format("--cpu \"{}\": expected any, vnni or avx2", text));
}

Result<IntType> parse_type(const char* option, const std::string& text) {
  auto type = IntType::parse(text);
  if (!type) return tl::unexpected<Error>(std::move(type).error().at(option));
  return type;
}

Result<RangeOverride> parse_override(const std::string& text) {
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) {
    return invalid_argument(fmt::format(
        "--tensor-range \"{}\": expected TENSOR=METHOD, such as x=percentile:99.9", text));
  }
  ZP_ASSIGN_OR_RETURN(RangeMethod method, RangeMethod::parse(text.substr(equals + 1)));
  return RangeOverride{text.substr(0, equals), method};
}

}  // namespace

void add_plan_options(CLI::App& app, PlanArguments& arguments) {
  const auto option = [&](const std::string& name, auto& value, const char* type,
                          const std::string& help) {
    return app.add_option(name, value, help)->type_name(type)->group(kGroup);
  };
  option("--target", arguments.target, "NAME",
         "the runtime: onnxruntime (default), openvino, tensorrt, qnn, tflite");
  option("--cpu", arguments.cpu, "NAME",
         "any (default): right on every x86 processor; vnni: on those with VNNI only, with finer "
         "weights; avx2: as any");
  option("--activations", arguments.activations, "TYPE",
         "uint8, int8, uint16 or int16; otherwise the target's first choice");
  option("--weights", arguments.weights, "TYPE", "int8, uint8 or int4; the same");
  app.add_flag("--per-tensor", arguments.per_tensor, "one scale a weight instead of one a channel")
      ->group(kGroup);
  option("--ranges", arguments.ranges, "METHOD",
         "how ranges of activations are chosen: minmax (default), percentile[:99.99], mse, "
         "entropy");
  option(
      "--recipe", arguments.recipe, "NAME",
      "fast: good ranges and channel scales; balanced (default): weights and biases tuned on the "
      "samples too; best: in every way there is, the best kept");
  option("--tensor-range", arguments.tensor_ranges, "TENSOR=METHOD",
         "the same for tensors of that name (* and ?), also MIN..MAX; may be repeated")
      ->take_all();
  option("--include", arguments.include, "PATTERN",
         "quantize these nodes only: a name (* and ?) or an operator; also those that the target "
         "leaves in float unless asked, such as MatMul of two activations; may be repeated")
      ->take_all();
  option("--exclude", arguments.exclude, "PATTERN", "leave these nodes in float; the same")
      ->take_all();
  option("--io", arguments.io, "int8", "inputs and outputs are codes instead of floats");
}

Result<PlanOptions> plan_options(const PlanArguments& arguments) {
  PlanOptions options;
  ZP_ASSIGN_OR_RETURN(options.target, find_target(arguments.target));
  ZP_ASSIGN_OR_RETURN(options.cpu, parse_cpu(arguments.cpu));
  options.activations = options.target->activation_types.front();
  options.weights = options.target->weight_types.front();
  if (arguments.activations) {
    ZP_ASSIGN_OR_RETURN(options.activations, parse_type("--activations", *arguments.activations));
  }
  if (arguments.weights) {
    ZP_ASSIGN_OR_RETURN(options.weights, parse_type("--weights", *arguments.weights));
  }
  options.per_channel = !arguments.per_tensor;
  ZP_ASSIGN_OR_RETURN(options.ranges, RangeMethod::parse(arguments.ranges));
  if (const auto recipe = parse_recipe(arguments.recipe); !recipe) {
    return tl::unexpected<Error>(recipe.error());
  }
  for (const auto& text : arguments.tensor_ranges) {
    ZP_ASSIGN_OR_RETURN(auto override_, parse_override(text));
    options.overrides.push_back(std::move(override_));
  }
  if (arguments.io && *arguments.io != "int8") {
    return invalid_argument(fmt::format("--io \"{}\": expected int8", *arguments.io));
  }
  options.integer_io = arguments.io.has_value();
  options.given = given_options(arguments);
  ZP_RETURN_IF_ERROR(check(options));
  return options;
}

Result<std::vector<Choice>> node_choices(const PlanArguments& arguments,
                                         const onnx::GraphProto& graph) {
  ZP_ASSIGN_OR_RETURN(const Selection selection,
                      Selection::make(graph, arguments.include, arguments.exclude));
  std::vector<Choice> choices;
  for (const auto& node : graph.node()) {
    const Choice wanted = arguments.include.empty() ? Choice::kByRule : Choice::kInteger;
    choices.push_back(selection.contains(node) ? wanted : Choice::kFloat);
  }
  return choices;
}

std::map<std::string, std::string> given_options(const PlanArguments& arguments) {
  const PlanArguments defaults;
  std::map<std::string, std::string> given;
  const auto note = [&](const char* name, const auto& value, const auto& usual) {
    if (value != usual) given[name] = fmt::format("{}", value);
  };
  note("target", arguments.target, defaults.target);
  note("cpu", arguments.cpu, defaults.cpu);
  note("ranges", arguments.ranges, defaults.ranges);
  note("recipe", arguments.recipe, defaults.recipe);
  if (arguments.activations) given["activations"] = *arguments.activations;
  if (arguments.weights) given["weights"] = *arguments.weights;
  if (arguments.per_tensor) given["per_tensor"] = "true";
  if (arguments.io) given["io"] = *arguments.io;
  const auto note_list = [&](const char* name, const std::vector<std::string>& list) {
    if (!list.empty()) given[name] = fmt::format("{}", fmt::join(list, " "));
  };
  note_list("tensor_range", arguments.tensor_ranges);
  note_list("include", arguments.include);
  note_list("exclude", arguments.exclude);
  return given;
}

}  // namespace zp::app
