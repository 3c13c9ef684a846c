#include "zeropoint/quantizer/placement.h"

#include <fmt/format.h>
#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/quantizer/weighted_node.h"

namespace zp {
namespace {

class Placer {
 public:
  Placer(const Model& model, const ValueInfos& values, const Target& target,
         const std::vector<Choice>& choices, Outputs outputs)
      : graph_(model.graph()),
        values_(values),
        target_(target),
        choices_(choices),
        outputs_(outputs),
        index_(graph_) {
    placement_.nodes.resize(static_cast<size_t>(graph_.node_size()));
  }

  GraphPlacement run() {
    const auto front_end = nodes_before_log(graph_, index_);
    for (int i = 0; i < graph_.node_size(); ++i) place_weighted(i, front_end);
    if (target_.integer_only) {
      for (int i = 0; i < graph_.node_size(); ++i) place_freely(i);
    } else {
      find_reaching();
      for (int i = 0; i < graph_.node_size(); ++i) place_between(i);
    }
    for (int i = 0; i < graph_.node_size(); ++i) explain(i);
    for (const auto& output : graph_.output()) {
      const bool made = index_.producer(output.name()) >= 0;
      if (outputs_ == Outputs::kQuantized && made && is_float(output.name())) {
        hard_.insert(output.name());
      }
    }
    collect_tensors();
    return std::move(placement_);
  }

 private:
  PlacedNode& placed(int node) { return placement_.nodes[static_cast<size_t>(node)]; }
  bool quantized(int node) const { return placement_.nodes[static_cast<size_t>(node)].quantized; }
  bool excluded(int node) const {
    return !choices_.empty() && choices_[static_cast<size_t>(node)] == Choice::kFloat;
  }
  const OpRole* role(int node) const {
    const auto& proto = graph_.node(node);
    if (!proto.domain().empty() && proto.domain() != "ai.onnx") return nullptr;
    const auto found = target_.ops.find(proto.op_type());
    return found == target_.ops.end() ? nullptr : &found->second;
  }
  bool is_float(const std::string& value) const {
    const auto found = values_.find(value);
    return found != values_.end() && found->second.type == DataType::kFloat;
  }

  void place_weighted(int node, const std::vector<bool>& front_end) {
    const OpRole* op = role(node);
    if (!op || *op != OpRole::kWeighted) return;
    auto& result = placed(node);
    const auto why_not = why_not_weighted(graph_.node(node), index_, values_, target_);
    if (excluded(node)) {
      result.reason = "excluded by name";
    } else if (why_not) {
      result.reason = *why_not;
    } else if (front_end[static_cast<size_t>(node)]) {
      result.reason = "computes a spectrum for a Log, which small errors of small values destroy";
    } else {
      result = {true, "weights are constant"};
      const auto& proto = graph_.node(node);
      tensors_.insert(proto.input(0));
      const bool with_output = output_placement(proto) == OutputPlacement::kQuantized;
      const int activation = fused_activation(graph_, index_, node);
      // It goes where its node goes, whatever was said of it.
      if (activation >= 0) {
        placed(activation) = {true, fmt::format("computed as part of \"{}\"", proto.name())};
        makers_.emplace(graph_.node(activation).output(0), node);
        if (with_output) hard_.insert(graph_.node(activation).output(0));
      } else {
        makers_.emplace(proto.output(0), node);
        if (with_output) hard_.insert(proto.output(0));
      }
    }
  }

  OutputPlacement output_placement(const onnx::NodeProto& node) const {
    return is_op(node, "Conv") || is_op(node, "ConvTranspose") ? target_.conv_output
                                                               : target_.matmul_output;
  }

  // Data inputs of an operator that is not weighted: those whose values it passes on or computes
  // with; shapes, axes and the like are not among them.
  std::vector<std::string> data_inputs(int node) const {
    const auto& proto = graph_.node(node);
    const OpRole* op = role(node);
    const bool all =
        op && (*op == OpRole::kElementwise || *op == OpRole::kConcat || *op == OpRole::kProduct);
    std::vector<std::string> inputs;
    for (int k = 0; k < proto.input_size() && (all || k == 0); ++k) {
      if (!proto.input(k).empty()) inputs.push_back(proto.input(k));
    }
    return inputs;
  }

  // Whether the target's rule for the operator can hold for this node at all.
  bool rule_holds(int node) const {
    const OpRole* op = role(node);
    if (!op || *op == OpRole::kWeighted || excluded(node)) return false;
    const auto& proto = graph_.node(node);
    if (proto.output_size() == 0 || !is_float(proto.output(0))) return false;
    if (is_op(proto, "Resize") && string_attribute(proto, "mode", "nearest") == "cubic")
      return false;
    if (is_op(proto, "MaxPool") && proto.output_size() > 1) return false;
    for (const auto& input : data_inputs(node)) {
      if (!is_float(input) || index_.constant(input)) return false;
    }
    return !data_inputs(node).empty();
  }

  // reaching_: values that reach the data input of a weighted node through operators with a rule.
  void find_reaching() {
    for (int i = graph_.node_size() - 1; i >= 0; --i) {
      const auto& node = graph_.node(i);
      const OpRole* op = role(i);
      if (op && *op == OpRole::kWeighted) {
        if (quantized(i)) reaching_.insert(node.input(0));
        continue;
      }
      const bool passes =
          quantized(i) || is_op(node, "Relu") || is_op(node, "Clip") || rule_holds(i);
      const bool reaches = std::ranges::any_of(
          node.output(), [&](const auto& output) { return reaching_.contains(output); });
      if (!passes || !reaches) continue;
      for (const auto& input : data_inputs(i)) reaching_.insert(input);
    }
  }

  bool has_parameters(const std::string& value) const {
    return tensors_.contains(value) || hard_.contains(value);
  }

  void place_between(int node) {
    if (quantized(node) || !rule_holds(node)) return;
    const auto& proto = graph_.node(node);
    const auto inputs = data_inputs(node);
    if (target_.conv_output == OutputPlacement::kFloat) return place_add_branch(node);
    const bool reaches = std::ranges::any_of(
        proto.output(), [&](const auto& output) { return reaching_.contains(output); });
    const bool ready =
        std::ranges::all_of(inputs, [&](const auto& input) { return has_parameters(input); });
    if (!reaches || !ready) return;
    quantize_node(node, "between integer nodes");
  }

  // Q/DQ on inputs only: of an Add that joins a convolution and a second branch, the second branch
  // gets them, so that the Add can be computed with the convolution.
  void place_add_branch(int node) {
    const auto& proto = graph_.node(node);
    if (!is_op(proto, "Add") || proto.input_size() != 2) return;
    const bool first = makers_.contains(proto.input(0));
    const bool second = makers_.contains(proto.input(1));
    if (!first && !second) return;
    branch_inputs_.emplace(node, second ? 0 : 1);
    placed(node) = {true, "computed with the convolution before it; the other branch is quantized"};
    tensors_.insert(proto.input(second ? 0 : 1));
  }

  void place_freely(int node) {
    if (quantized(node) || !rule_holds(node)) return;
    for (const auto& input : data_inputs(node)) tensors_.insert(input);
    quantize_node(node, "the target computes in integers throughout");
  }

  void quantize_node(int node, std::string reason) {
    const auto& proto = graph_.node(node);
    placed(node) = {true, std::move(reason)};
    int last = node;
    if (const int activation = fused_activation(graph_, index_, node);
        activation >= 0 && *role(node) == OpRole::kElementwise) {
      placed(activation) = {true, fmt::format("computed as part of \"{}\"", proto.name())};
      last = activation;
    }
    for (const auto& output : graph_.node(last).output()) {
      if (!output.empty()) hard_.insert(output);
    }
  }

  void explain(int node) {
    auto& result = placed(node);
    if (result.quantized || !result.reason.empty()) return;
    if (excluded(node)) {
      result.reason = "excluded by name";
    } else if (!role(node)) {
      result.reason =
          fmt::format("no rule for {} under target {}", graph_.node(node).op_type(), target_.name);
    } else if (!rule_holds(node)) {
      result.reason = "its inputs are constant or not float32";
    } else {
      result.reason = "not between integer nodes";
    }
  }

  int find(int i) {
    while (parents_[static_cast<size_t>(i)] != i) i = parents_[static_cast<size_t>(i)];
    return i;
  }

  void collect_tensors() {
    std::unordered_map<std::string, int> numbers;
    const auto add = [&](const std::string& value) {
      if (!has_parameters(value) || numbers.contains(value)) return;
      numbers.emplace(value, static_cast<int>(placement_.tensors.size()));
      placement_.tensors.push_back({value,
                                    hard_.contains(value) || only_quantized_readers(value)
                                        ? Readers::kAll
                                        : Readers::kQuantized,
                                    0});
    };
    for (const auto& input : graph_.input()) add(input.name());
    for (const auto& node : graph_.node()) {
      for (const auto& output : node.output()) add(output);
    }
    parents_.resize(placement_.tensors.size());
    std::iota(parents_.begin(), parents_.end(), 0);
    for (int i = 0; i < graph_.node_size(); ++i) {
      const OpRole* op = role(i);
      if (!quantized(i) || !op) continue;
      if (*op != OpRole::kKeepsValues && *op != OpRole::kConcat) continue;
      int first = -1;
      const auto unite = [&](const std::string& value) {
        const auto found = numbers.find(value);
        if (found == numbers.end()) return;
        const int root = find(found->second);
        if (first >= 0)
          parents_[static_cast<size_t>(std::max(root, find(first)))] = std::min(root, find(first));
        first = root;
      };
      for (const auto& input : data_inputs(i)) unite(input);
      for (const auto& output : graph_.node(i).output()) unite(output);
    }
    for (size_t i = 0; i < parents_.size(); ++i) {
      placement_.tensors[i].group = find(static_cast<int>(i));
    }
  }

  // A value that only quantized nodes read has its float form for nobody.
  bool only_quantized_readers(const std::string& value) const {
    if (index_.is_graph_output(value) || index_.producer(value) < 0) return false;
    return std::ranges::all_of(index_.uses(value), [&](const Use& use) {
      return use.input != Use::kInBody && quantized(use.node) && !branch_inputs_.contains(use.node);
    });
  }

  const onnx::GraphProto& graph_;
  const ValueInfos& values_;
  const Target& target_;
  const std::vector<Choice>& choices_;
  Outputs outputs_;
  GraphIndex index_;
  GraphPlacement placement_;
  std::unordered_set<std::string> tensors_;  // get Q/DQ because a quantized node reads them
  std::unordered_set<std::string> hard_;     // because a quantized node makes them
  std::unordered_set<std::string> reaching_;
  std::unordered_map<std::string, int> makers_;  // outputs of weighted nodes, activation included
  std::unordered_map<int, int> branch_inputs_;
  std::vector<int> parents_;
};

}  // namespace

int fused_activation(const onnx::GraphProto& graph, const GraphIndex& index, int node) {
  const int reader = index.only_reader(graph.node(node).output(0));
  if (reader < 0) return -1;
  const auto& proto = graph.node(reader);
  if (is_op(proto, "Relu")) return reader;
  if (!is_op(proto, "Clip") || proto.input(0) != graph.node(node).output(0)) return -1;
  for (int k = 1; k < proto.input_size(); ++k) {
    if (!proto.input(k).empty() && !index.constant(proto.input(k))) return -1;
  }
  return reader;
}

GraphPlacement place(const Model& model, const ValueInfos& values, const Target& target,
                     const std::vector<Choice>& choices, Outputs outputs) {
  return Placer(model, values, target, choices, outputs).run();
}

std::vector<ObservedTensor> tensors_to_observe(const Model& model, const ValueInfos& values) {
  std::unordered_set<std::string> wanted;
  for (const Target& target : targets()) {
    for (const auto& tensor : place(model, values, target, {}, Outputs::kQuantized).tensors)
      wanted.insert(tensor.tensor);
  }
  const auto& graph = model.graph();
  const GraphIndex index(graph);
  std::vector<ObservedTensor> ordered;
  const auto add = [&](const std::string& value) {
    if (wanted.erase(value) == 0) return;
    ObservedTensor observed{value, std::nullopt};
    for (const Use& use : index.uses(value)) {
      if (use.input != 0 || observed.channel_axis) continue;
      const auto& reader = graph.node(use.node);
      if (is_weighted(reader) && reader.input_size() > 1 && index.constant(reader.input(1))) {
        observed.channel_axis = data_channel_axis(reader);
      }
    }
    ordered.push_back(std::move(observed));
  };
  for (const auto& input : graph.input()) add(input.name());
  for (const auto& node : graph.node()) {
    for (const auto& output : node.output()) add(output);
  }
  return ordered;
}

}  // namespace zp
