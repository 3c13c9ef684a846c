// What a target's rules say of each node of a graph, whatever its neighbours are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/proto.h"
#include "zeropoint/graph/values.h"
#include "zeropoint/targets/target.h"

namespace zp {

struct NodeRule {
  std::optional<OpRole> role;  // nothing: the target has no rule for the node
  // The numbers of the inputs whose values the node passes on or computes with: not those of
  // shapes, axes and limits, nor the weight and the bias of a weighted node.
  std::vector<int> data;
  std::vector<int> constants;  // those of `data` that are constants, and are to be quantized too
  RuleUse use = RuleUse::kAlways;
  std::string why_not;  // why the rule cannot hold for this node; empty where it can
};

// One for each node. Whether a node is asked for or left out by name is not looked at.
//
// Constants may stand beside activations where the target computes everything in integers (Add,
// Mul, Concat, ...) and in a product; a node that moves values out of a constant alone (Gather from
// an embedding, Slice of a mask) has a rule where the target says so and the constant has at least
// kLeastTable elements, for others of them are not worth it.
std::vector<NodeRule> node_rules(const onnx::GraphProto& graph, const GraphIndex& index,
                                 const ValueInfos& values, const Target& target);

inline constexpr int64_t kLeastTable = 4096;

// The elements of a constant.
int64_t element_count(const onnx::TensorProto& tensor);

// Whether the node looks up whole rows of a constant: Gather along axis 0.
bool is_row_lookup(const onnx::NodeProto& node, const GraphIndex& index);

// Whether the node moves values out of a constant and reads no activation.
inline bool is_table(const NodeRule& rule) {
  return rule.role == OpRole::kKeepsValues && !rule.constants.empty();
}

}  // namespace zp
