#include "zeropoint/quantizer/node_rules.h"

#include <fmt/format.h>
#include <algorithm>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/quantizer/weighted_node.h"

namespace zp {
namespace {

class Rules {
 public:
  Rules(const GraphIndex& index, const ValueInfos& values, const Target& target)
      : index_(index), values_(values), target_(target) {}

  NodeRule rule_of(const onnx::NodeProto& node) const {
    NodeRule rule;
    rule.role = role_of(node);
    if (!rule.role) {
      const auto known = target_.stay_in_float.find(node.op_type());
      rule.why_not =
          known != target_.stay_in_float.end()
              ? known->second
              : fmt::format("no rule for {} under target {}", node.op_type(), target_.name);
      return rule;
    }
    rule.data = data_inputs(node, *rule.role);
    if (rule.role == OpRole::kWeighted) {
      rule.why_not = why_not_weighted(node, index_, values_, target_).value_or("");
      return rule;
    }
    for (const int input : rule.data) {
      if (index_.constant(node.input(input))) rule.constants.push_back(input);
    }
    if (rule.role == OpRole::kProduct) rule.use = target_.products;
    if (is_table(rule)) rule.use = target_.tables;
    rule.why_not = why_not(node, rule);
    return rule;
  }

 private:
  std::optional<OpRole> role_of(const onnx::NodeProto& node) const {
    if (!node.domain().empty() && node.domain() != "ai.onnx") return std::nullopt;
    const auto found = target_.ops.find(node.op_type());
    if (found == target_.ops.end()) return std::nullopt;
    const bool product =
        node.op_type() == "MatMul" && node.input_size() == 2 && !index_.constant(node.input(1));
    return product ? OpRole::kProduct : found->second;
  }

  bool is_float(const std::string& value) const {
    const auto found = values_.find(value);
    return found != values_.end() && found->second.type == DataType::kFloat;
  }

  static std::vector<int> data_inputs(const onnx::NodeProto& node, OpRole role) {
    const bool all =
        role == OpRole::kElementwise || role == OpRole::kConcat || role == OpRole::kProduct;
    std::vector<int> inputs;
    for (int k = 0; k < node.input_size() && (all || k == 0); ++k) {
      if (!node.input(k).empty()) inputs.push_back(k);
    }
    return inputs;
  }

  std::string why_not(const onnx::NodeProto& node, const NodeRule& rule) const {
    if (node.output_size() == 0 || !is_float(node.output(0)) || rule.data.empty()) {
      return "its values are not float32";
    }
    for (const int input : rule.data) {
      if (!is_float(node.input(input))) return "its values are not float32";
    }
    if (is_op(node, "Resize") && string_attribute(node, "mode", "nearest") == "cubic") {
      return "a cubic Resize leaves the range of its values";
    }
    if (is_op(node, "MaxPool") && node.output_size() > 1) return "its indices are asked for";
    return why_not_constants(node, rule);
  }

  std::string why_not_constants(const onnx::NodeProto& node, const NodeRule& rule) const {
    if (rule.constants.empty()) return "";
    if (is_table(rule)) {
      if (target_.tables == RuleUse::kNever) return "its data are constant";
      const int64_t elements = element_count(*index_.constant(node.input(rule.constants[0])));
      if (elements >= kLeastTable || target_.integer_only) return "";
      return fmt::format("a constant of {} elements is too small to be worth it", elements);
    }
    if (rule.constants.size() == rule.data.size()) return "its data are constant";
    const bool takes_constants = rule.role == OpRole::kProduct || target_.integer_only;
    return takes_constants ? "" : "one of its inputs is constant";
  }

  const GraphIndex& index_;
  const ValueInfos& values_;
  const Target& target_;
};

}  // namespace

int64_t element_count(const onnx::TensorProto& tensor) {
  int64_t elements = 1;
  for (const int64_t dim : tensor.dims()) elements *= dim;
  return elements;
}

bool is_row_lookup(const onnx::NodeProto& node, const GraphIndex& index) {
  if (!is_op(node, "Gather") || int_attribute(node, "axis", 0) != 0) return false;
  const auto* table = index.constant(node.input(0));
  return table && table->dims_size() >= 2;
}

std::vector<NodeRule> node_rules(const onnx::GraphProto& graph, const GraphIndex& index,
                                 const ValueInfos& values, const Target& target) {
  const Rules rules(index, values, target);
  std::vector<NodeRule> all;
  for (const auto& node : graph.node()) all.push_back(rules.rule_of(node));
  return all;
}

}  // namespace zp
