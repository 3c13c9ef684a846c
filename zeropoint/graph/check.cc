#include "zeropoint/graph/check.h"

#include <fmt/format.h>
#include <algorithm>
#include <exception>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/onnx_library.h"

namespace zp {
namespace {

using Names = std::unordered_set<std::string>;

Status check_graph(const onnx::GraphProto& graph, const Names& around) {
  Names known = around;
  for (const auto& input : graph.input()) known.insert(input.name());
  for (const auto& tensor : graph.initializer()) known.insert(tensor.name());
  for (const auto& tensor : graph.sparse_initializer()) known.insert(tensor.values().name());
  std::unordered_map<std::string, const onnx::NodeProto*> makers;
  for (const auto& node : graph.node()) {
    for (const auto& output : node.output()) {
      if (output.empty()) continue;
      const auto [other, fresh] = makers.emplace(output, &node);
      if (!fresh) {
        return invalid_data(fmt::format("value \"{}\" is made twice, by {} and by {}", output,
                                        describe(*other->second), describe(node)));
      }
      known.insert(output);
    }
  }
  for (const auto& node : graph.node()) {
    for (const auto& input : node.input()) {
      if (input.empty() || known.contains(input)) continue;
      return invalid_data(
          fmt::format("{} reads \"{}\", which nothing makes", describe(node), input));
    }
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_g()) ZP_RETURN_IF_ERROR(check_graph(attribute.g(), known));
      for (const auto& body : attribute.graphs()) ZP_RETURN_IF_ERROR(check_graph(body, known));
    }
  }
  for (const auto& output : graph.output()) {
    if (!known.contains(output.name())) {
      return invalid_data(fmt::format("output \"{}\" is made by nothing", output.name()));
    }
  }
  return topological_order(graph).map([](const auto&) {});
}

bool has_shape(const onnx::ValueInfoProto& value) {
  return !value.type().has_tensor_type() || value.type().tensor_type().has_shape();
}

}  // namespace

Status check_structure(const onnx::ModelProto& model) { return check_graph(model.graph(), {}); }

Status check_with_onnx(const Model& model) {
  const onnx::ModelProto* checked = &model.proto();
  // The checker asks for the rank of every output. Runtimes do not, and not every rank is known.
  onnx::ModelProto described;
  if (!std::ranges::all_of(model.graph().output(), has_shape)) {
    described = model.proto();
    google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> outputs;
    for (const auto& output : model.graph().output()) {
      if (has_shape(output)) *outputs.Add() = output;
    }
    described.mutable_graph()->mutable_output()->Swap(&outputs);
    checked = &described;
  }
  try {
    onnx::checker::check_model(*checked, /*full_check=*/true);
  } catch (const std::exception& error) {
    return invalid_data(fmt::format("{}: ONNX's checker: {}", model.name(), onnx_reason(error)));
  }
  return {};
}

}  // namespace zp
