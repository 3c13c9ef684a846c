#include "zeropoint/graph/check.h"

#include <fmt/format.h>
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

}  // namespace

Status check_structure(const onnx::ModelProto& model) { return check_graph(model.graph(), {}); }

Status check_with_onnx(const Model& model) {
  try {
    onnx::checker::check_model(model.proto(), /*full_check=*/true);
  } catch (const std::exception& error) {
    return invalid_data(fmt::format("{}: ONNX's checker: {}", model.name(), onnx_reason(error)));
  }
  return {};
}

}  // namespace zp
