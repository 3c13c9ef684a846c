#include "tests/conformance/evaluate.h"

#include <fmt/format.h>

#include <map>

namespace zp::conformance {
namespace {

Result<std::vector<OnnxTensor>> run_node(const Node& node, const Inputs& inputs, int64_t opset) {
  if (!node.domain.empty() && node.domain != "ai.onnx") {
    return fail(ErrorCode::kUnsupported, fmt::format("domain \"{}\"", node.domain));
  }
  ZP_ASSIGN_OR_RETURN(auto outputs, evaluate_quantization(node, inputs, opset));
  if (outputs) return *std::move(outputs);
  return evaluate_helper(node, inputs);
}

}  // namespace

Result<std::vector<OnnxTensor>> evaluate(const Model& model, std::vector<OnnxTensor> inputs) {
  std::map<std::string, OnnxTensor> values;
  for (const NamedTensor& each : model.initializers)
    values.insert_or_assign(each.name, each.tensor);
  if (inputs.size() != model.inputs.size()) {
    return invalid_argument(
        fmt::format("{} inputs, expected {}", inputs.size(), model.inputs.size()));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    values.insert_or_assign(model.inputs[i], std::move(inputs[i]));
  }
  const auto find = [&](const std::string& name) -> Result<const OnnxTensor*> {
    const auto at = values.find(name);
    if (at == values.end()) return invalid_data(fmt::format("no value \"{}\"", name));
    return &at->second;
  };
  for (const Node& node : model.nodes) {
    Inputs node_inputs;
    for (const std::string& name : node.inputs) {
      node_inputs.push_back(nullptr);
      if (!name.empty()) {
        ZP_ASSIGN_OR_RETURN(node_inputs.back(), find(name));
      }
    }
    auto outputs = run_node(node, node_inputs, model.opset);
    if (!outputs) return tl::unexpected<Error>(std::move(outputs).error().at(node.op_type));
    for (size_t i = 0; i < std::min(outputs->size(), node.outputs.size()); ++i) {
      values.insert_or_assign(node.outputs[i], std::move((*outputs)[i]));
    }
  }
  std::vector<OnnxTensor> results;
  for (const std::string& name : model.outputs) {
    ZP_ASSIGN_OR_RETURN(const OnnxTensor* value, find(name));
    results.push_back(*value);
  }
  return results;
}

}  // namespace zp::conformance
