#include "apps/zeropoint/inspect.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <string>
#include <vector>

#include "apps/zeropoint/inspect_json.h"
#include "apps/zeropoint/inspect_text.h"
#include "zeropoint/data/input_spec.h"
#include "zeropoint/evaluate/inspect.h"
#include "zeropoint/graph/check.h"

namespace zp::app {
namespace {

constexpr const char* kFooter =
    "Nothing is run. What a runtime makes of the model is predicted by rules that were measured\n"
    "(docs/targets.md).\n"
    "Example: zeropoint inspect model.int8.onnx --runtime openvino --nodes";

// As written on the command line.
struct InspectArguments {
  std::string model;
  std::string runtime = "onnxruntime";
  std::vector<std::string> input_shapes;
  bool nodes = false;
  bool json = false;
};

void add_options(CLI::App* command, InspectArguments& arguments) {
  command->add_option("model", arguments.model, "the .onnx file")->required();
  command->add_option("--runtime", arguments.runtime, "onnxruntime (default) or openvino")
      ->type_name("NAME");
  command
      ->add_option("--input-shape", arguments.input_shapes,
                   "the shape of an input that leaves it open, to count operations by; may be "
                   "repeated")
      ->type_name("NAME:1x3x224x224")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_flag("--nodes", arguments.nodes, "list every node, weight and activation");
  command->add_flag("--json", arguments.json, "print JSON for programs instead of text");
}

Result<Work> start(const InspectArguments& arguments) {
  ZP_ASSIGN_OR_RETURN(const Runtime runtime, parse_runtime(arguments.runtime));
  ShapeChoices choices;
  for (const std::string& text : arguments.input_shapes) {
    if (Status added = add_input_shape(choices, text); !added) {
      return tl::unexpected<Error>(std::move(added).error().at("--input-shape"));
    }
  }
  return [arguments, runtime, shapes = std::move(choices.shapes)]() -> Result<std::string> {
    ZP_ASSIGN_OR_RETURN(const Model model, Model::load(arguments.model));
    if (Status sound = check_structure(model.proto()); !sound) {
      return tl::unexpected<Error>(std::move(sound).error().at(model.name()));
    }
    ZP_ASSIGN_OR_RETURN(const Inspection inspection, inspect(model, runtime, shapes));
    if (arguments.json) return to_json(inspection);
    return to_text(inspection, arguments.nodes ? Detail::kEverything : Detail::kSummary);
  };
}

}  // namespace

Command add_inspect(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("inspect", "What is in a model, and how a runtime will execute it");
  command->footer(kFooter);
  command->allow_extras();
  const auto arguments = std::make_shared<InspectArguments>();
  add_options(command, *arguments);
  return {command, [arguments] { return start(*arguments); }};
}

}  // namespace zp::app
