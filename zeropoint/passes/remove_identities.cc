#include "zeropoint/passes/remove_identities.h"

#include <string>
#include <unordered_set>
#include <vector>

#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/tensor_proto.h"
#include "zeropoint/graph/visit.h"

namespace zp {
namespace {

bool is_false_constant(const GraphIndex& index, const std::string& name) {
  const auto* tensor = index.constant(name);
  if (!tensor || tensor->data_type() != onnx::TensorProto::BOOL) return false;
  const auto value = tensor_in_message(*tensor);
  return value && value->size() == 1 && value->bytes()[0] == std::byte{0};
}

bool hands_on(const GraphIndex& index, const onnx::NodeProto& node) {
  if (is_op(node, "Identity")) return true;
  if (!is_op(node, "Dropout")) return false;
  for (int i = 1; i < node.output_size(); ++i) {
    if (!index.uses(node.output(i)).empty() || index.is_graph_output(node.output(i))) return false;
  }
  const bool trains = node.input_size() > 2 && !node.input(2).empty();
  return !trains || is_false_constant(index, node.input(2));
}

// Names that bodies inside the graph give to values of their own.
std::unordered_set<std::string> names_in_bodies(const onnx::GraphProto& graph) {
  std::unordered_set<std::string> names;
  for_each_graph(graph, [&](const onnx::GraphProto& body) {
    if (&body == &graph) return;
    for (const auto& input : body.input()) names.insert(input.name());
    for (const auto& tensor : body.initializer()) names.insert(tensor.name());
    for (const auto& node : body.node()) names.insert(node.output().begin(), node.output().end());
  });
  return names;
}

}  // namespace

Result<int> remove_identities(Model& /*model*/, onnx::GraphProto& graph) {
  const GraphIndex index(graph);
  const auto hidden = names_in_bodies(graph);
  std::vector<int> removed;
  for (int i = 0; i < graph.node_size(); ++i) {
    const auto& node = graph.node(i);
    if (!hands_on(index, node)) continue;
    // Read anew, as nodes before this one may have given it another name; the index still knows
    // who makes that one.
    const std::string x = node.input(0);
    const std::string y = node.output(0);
    if (!index.is_graph_output(y)) {
      if (hidden.contains(x)) continue;
      replace_uses(graph, y, x);
    } else {
      const int maker = index.producer(x);
      if (maker < 0 || index.is_graph_output(x) || hidden.contains(y)) continue;
      for (auto& output : *graph.mutable_node(maker)->mutable_output()) {
        if (output == x) output = y;
      }
      replace_uses(graph, x, y);
      for (auto& annotation : *graph.mutable_quantization_annotation()) {
        if (annotation.tensor_name() == x) annotation.set_tensor_name(y);
      }
    }
    removed.push_back(i);
  }
  remove_nodes(graph, removed);
  if (!removed.empty()) remove_unused(graph);
  return static_cast<int>(removed.size());
}

}  // namespace zp
