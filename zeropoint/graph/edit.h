// Small edits of a graph.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/proto.h"

namespace zp {

// "Conv node "NAME"", or with its first output where it has no name: to begin a message with.
std::string describe(const onnx::NodeProto& node);

// The numbers of the nodes so that each stands after those whose values it reads, in the given
// order where that is free. An error that names a node where some wait for each other.
Result<std::vector<int>> topological_order(const onnx::GraphProto& graph);
// Brings the nodes into that order.
Status sort_nodes(onnx::GraphProto& graph);

// Makes every reader of value `from`, bodies of nodes included, read `to`. Graph outputs stay.
void replace_uses(onnx::GraphProto& graph, const std::string& from, const std::string& to);

// Takes the nodes with these numbers out.
void remove_nodes(onnx::GraphProto& graph, const std::vector<int>& nodes);

// Takes out nodes whose outputs nobody reads, and initializers and value_infos that nothing refers
// to; again until there are none. Graph inputs and outputs stay.
void remove_unused(onnx::GraphProto& graph);

// Gives out names that no value, node or initializer of the graph or its bodies has.
class UniqueNames {
 public:
  explicit UniqueNames(const onnx::GraphProto& graph);
  // `wanted`, or `wanted` with "_1", "_2", ... behind it; the name is then taken.
  std::string operator()(std::string_view wanted);

 private:
  std::unordered_set<std::string> taken_;
};

// A node at the end of the list (sort_nodes puts it right).
onnx::NodeProto& add_node(onnx::GraphProto& graph, std::string_view op_type, std::string name,
                          const std::vector<std::string>& inputs,
                          const std::vector<std::string>& outputs);

// The version of the operator set of this domain ("" is ONNX's own), 0 where the model has none.
int64_t opset_version(const onnx::ModelProto& model, std::string_view domain = "");
void set_opset_version(onnx::ModelProto& model, std::string_view domain, int64_t version);

// Whether the node's operator is ONNX's own `op_type`.
bool is_op(const onnx::NodeProto& node, std::string_view op_type);

}  // namespace zp
