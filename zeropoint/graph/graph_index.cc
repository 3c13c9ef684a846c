#include "zeropoint/graph/graph_index.h"

#include <algorithm>

namespace zp {
namespace {

using Names = std::unordered_set<std::string>;

// Adds the names that `graph` reads and neither makes nor takes as an input.
void collect_captured(const onnx::GraphProto& graph, std::vector<std::string>& captured) {
  Names own;
  for (const auto& input : graph.input()) own.insert(input.name());
  for (const auto& tensor : graph.initializer()) own.insert(tensor.name());
  for (const auto& tensor : graph.sparse_initializer()) own.insert(tensor.values().name());
  for (const auto& node : graph.node()) {
    for (const auto& output : node.output()) own.insert(output);
  }
  const auto read = [&](const std::string& name) {
    if (name.empty() || own.contains(name)) return;
    if (std::ranges::find(captured, name) == captured.end()) captured.push_back(name);
  };
  for (const auto& node : graph.node()) {
    for (const auto& input : node.input()) read(input);
    for (const auto& name : captured_values(node)) read(name);
  }
  for (const auto& output : graph.output()) read(output.name());
}

}  // namespace

std::vector<std::string> captured_values(const onnx::NodeProto& node) {
  std::vector<std::string> captured;
  for (const auto& attribute : node.attribute()) {
    if (attribute.has_g()) collect_captured(attribute.g(), captured);
    for (const auto& graph : attribute.graphs()) collect_captured(graph, captured);
  }
  return captured;
}

GraphIndex::GraphIndex(const onnx::GraphProto& graph) {
  for (int i = 0; i < graph.node_size(); ++i) {
    const auto& node = graph.node(i);
    for (const auto& output : node.output()) {
      if (!output.empty()) producers_.emplace(output, i);
    }
    for (int k = 0; k < node.input_size(); ++k) {
      if (!node.input(k).empty()) uses_[node.input(k)].push_back({i, k});
    }
    for (const auto& name : captured_values(node)) uses_[name].push_back({i, Use::kInBody});
  }
  for (const auto& tensor : graph.initializer()) constants_.emplace(tensor.name(), &tensor);
  for (const auto& input : graph.input()) {
    constants_.erase(input.name());
    inputs_.insert(input.name());
  }
  for (const auto& output : graph.output()) outputs_.insert(output.name());
}

int GraphIndex::producer(std::string_view value) const {
  const auto found = producers_.find(std::string(value));
  return found == producers_.end() ? -1 : found->second;
}

std::span<const Use> GraphIndex::uses(std::string_view value) const {
  const auto found = uses_.find(std::string(value));
  if (found == uses_.end()) return {};
  return found->second;
}

const onnx::TensorProto* GraphIndex::constant(std::string_view value) const {
  const auto found = constants_.find(std::string(value));
  return found == constants_.end() ? nullptr : found->second;
}

int GraphIndex::only_reader(std::string_view value) const {
  const auto readers = uses(value);
  if (readers.size() != 1 || is_graph_output(value)) return -1;
  return readers[0].input == Use::kInBody ? -1 : readers[0].node;
}

}  // namespace zp
