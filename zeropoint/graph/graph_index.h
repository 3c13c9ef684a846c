// Who makes and who reads each value of a graph.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "zeropoint/graph/proto.h"

namespace zp {

// One place where a value is read: input number `input` of node number `node` of the graph, or
// kInBody where the node's If, Loop or Scan body reads the value from outside.
struct Use {
  static constexpr int kInBody = -1;
  int node = 0;
  int input = 0;

  friend bool operator==(const Use&, const Use&) = default;
};

// A snapshot: build it anew after the graph was edited. The graph must outlive it. Node numbers are
// positions in graph.node().
class GraphIndex {
 public:
  explicit GraphIndex(const onnx::GraphProto& graph);

  // The number of the node that makes the value; -1 for inputs, initializers and unknown names.
  int producer(std::string_view value) const;
  // In the order of the nodes; a node that reads a value twice has two entries.
  std::span<const Use> uses(std::string_view value) const;
  bool is_graph_input(std::string_view value) const { return inputs_.contains(std::string(value)); }
  bool is_graph_output(std::string_view value) const {
    return outputs_.contains(std::string(value));
  }
  // The dense initializer of this name that no caller can override (a graph input of the same name
  // makes it a default value from IR 4 on), or nullptr.
  const onnx::TensorProto* constant(std::string_view value) const;
  // The only node that reads the value, where there is exactly one reader and the value is no
  // graph output; otherwise -1.
  int only_reader(std::string_view value) const;

 private:
  std::unordered_map<std::string, int> producers_;
  std::unordered_map<std::string, std::vector<Use>> uses_;
  std::unordered_map<std::string, const onnx::TensorProto*> constants_;
  std::unordered_set<std::string> inputs_;
  std::unordered_set<std::string> outputs_;
};

// Names that a node's bodies read from the graph around it, each once, in order of appearance.
std::vector<std::string> captured_values(const onnx::NodeProto& node);

}  // namespace zp
