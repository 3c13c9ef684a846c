// The options of `plan` and `quantize` that decide what a plan says.
#pragma once

#include <CLI/App.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/quantizer/planner.h"

namespace zp::app {

// As written on the command line.
struct PlanArguments {
  std::string target = "onnxruntime";
  std::string cpu = "any";
  std::optional<std::string> activations;
  std::optional<std::string> weights;
  std::string ranges = "minmax";
  std::string recipe = "balanced";
  std::vector<std::string> tensor_ranges;  // "PATTERN=METHOD"
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  bool per_tensor = false;
  std::optional<std::string> io;
};

void add_plan_options(CLI::App& app, PlanArguments& arguments);

// What can be said without the model. An error is one of the user's arguments.
Result<PlanOptions> plan_options(const PlanArguments& arguments);

// One choice for each node of the graph. An error for a pattern that matches nothing.
Result<std::vector<Choice>> node_choices(const PlanArguments& arguments,
                                         const onnx::GraphProto& graph);

// The options that differ from the defaults, for the plan and the model's metadata.
std::map<std::string, std::string> given_options(const PlanArguments& arguments);

}  // namespace zp::app
