#include "zeropoint/quantizer/placement.h"

#include <fmt/format.h>
#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/quantizer/mask_values.h"
#include "zeropoint/quantizer/node_rules.h"
#include "zeropoint/quantizer/weighted_node.h"

namespace zp {
namespace {

class Placer {
 public:
  Placer(const Model& model, const ValueInfos& values, const Target& target,
         const std::vector<Choice>& choices, Outputs outputs, const WithoutParameters& without)
      : graph_(model.graph()),
        values_(values),
        target_(target),
        choices_(choices),
        outputs_(outputs),
        without_(without),
        index_(graph_),
        rules_(node_rules(graph_, index_, values, target)) {
    placement_.nodes.resize(static_cast<size_t>(graph_.node_size()));
    for (int i = 0; i < graph_.node_size(); ++i) refuse(i);
  }

  GraphPlacement run() {
    const auto front_end = nodes_before_log(graph_, index_);
    for (int i = 0; i < graph_.node_size(); ++i) place_weighted(i, front_end);
    if (target_.integer_only) {
      for (int i = 0; i < graph_.node_size(); ++i) place_freely(i);
    } else {
      find_reaching();
      for (int i = 0; i < graph_.node_size(); ++i) place_table(i);
      for (int i = 0; i < graph_.node_size(); ++i) place_between(i);
    }
    for (int i = 0; i < graph_.node_size(); ++i) explain(i);
    for (const auto& output : graph_.output()) {
      const bool made = index_.producer(output.name()) >= 0;
      if (outputs_ == Outputs::kQuantized && made && is_float(output.name()) &&
          !without_.contains(output.name())) {
        hard_.insert(output.name());
      }
    }
    collect_tensors();
    collect_constants();
    return std::move(placement_);
  }

 private:
  PlacedNode& placed(int node) { return placement_.nodes[static_cast<size_t>(node)]; }
  bool quantized(int node) const { return placement_.nodes[static_cast<size_t>(node)].quantized; }
  const NodeRule& rule(int node) const { return rules_[static_cast<size_t>(node)]; }
  bool has_role(int node, OpRole role) const { return rule(node).role == role; }
  bool is_float(const std::string& value) const {
    const auto found = values_.find(value);
    return found != values_.end() && found->second.type == DataType::kFloat;
  }
  Choice choice(int node) const {
    return choices_.empty() ? Choice::kByRule : choices_[static_cast<size_t>(node)];
  }

  // Adds to what speaks against the node's rule what the user and the values say.
  void refuse(int node) {
    NodeRule& own = rules_[static_cast<size_t>(node)];
    if (!own.role || !own.why_not.empty()) return;
    if (own.use == RuleUse::kOnRequest && choice(node) != Choice::kInteger) {
      own.why_not = fmt::format(
          "a {} stays in float under target {} unless asked for (--include)",
          has_role(node, OpRole::kProduct) ? "product of two activations" : "constant table",
          target_.name);
    }
    const auto& proto = graph_.node(node);
    for (const int input : own.data) {
      if (const auto found = without_.find(proto.input(input)); found != without_.end()) {
        own.why_not = fmt::format("\"{}\": {}", found->first, found->second);
      }
    }
    const int activation = fused_activation(graph_, index_, node);
    const auto& output = graph_.node(activation >= 0 ? activation : node).output(0);
    if (const auto found = without_.find(output); found != without_.end()) {
      own.why_not = fmt::format("\"{}\": {}", found->first, found->second);
    }
    if (choice(node) == Choice::kFloat) own.why_not = "excluded by name";
  }

  // Whether the target's rule for the operator can hold for this node at all.
  bool rule_holds(int node) const { return rule(node).role && rule(node).why_not.empty(); }

  void place_weighted(int node, const std::vector<bool>& front_end) {
    const bool product = has_role(node, OpRole::kProduct);
    if (!rule_holds(node) || !(product || has_role(node, OpRole::kWeighted))) return;
    auto& result = placed(node);
    if (front_end[static_cast<size_t>(node)]) {
      result.reason = "computes a spectrum for a Log, which small errors of small values destroy";
      return;
    }
    result = {true, product ? "a product of two activations" : "weights are constant"};
    for (const auto& input : data_values(node)) tensors_.insert(input);
    const auto& proto = graph_.node(node);
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

  OutputPlacement output_placement(const onnx::NodeProto& node) const {
    return is_op(node, "Conv") || is_op(node, "ConvTranspose") ? target_.conv_output
                                                               : target_.matmul_output;
  }

  // The activations among the node's data inputs.
  std::vector<std::string> data_values(int node) const {
    std::vector<std::string> inputs;
    for (const int input : rule(node).data) {
      const auto& name = graph_.node(node).input(input);
      if (!index_.constant(name)) inputs.push_back(name);
    }
    return inputs;
  }

  void place_table(int node) {
    if (!rule_holds(node) || !is_table(rule(node))) return;
    // What integer nodes read is better rounded once, to their codes.
    const auto& proto = graph_.node(node);
    if (target_.looks_up_scales && is_row_lookup(proto, index_) &&
        !reaching_.contains(proto.output(0))) {
      with_row_scales_.insert(node);
      placed(node) = {true, "its table is kept as codes, with a scale a row"};
    } else {
      quantize_node(node, "its constant data are kept as codes");
    }
  }

  // reaching_: values that reach the data input of a weighted node through operators with a rule.
  void find_reaching() {
    for (int i = graph_.node_size() - 1; i >= 0; --i) {
      const auto& node = graph_.node(i);
      if (has_role(i, OpRole::kWeighted) || has_role(i, OpRole::kProduct)) {
        if (!quantized(i)) continue;
        for (const auto& input : data_values(i)) reaching_.insert(input);
        continue;
      }
      const bool passes =
          quantized(i) || is_op(node, "Relu") || is_op(node, "Clip") || rule_holds(i);
      const bool reaches = std::ranges::any_of(
          node.output(), [&](const auto& output) { return reaching_.contains(output); });
      if (!passes || !reaches) continue;
      if (rule(i).role) {
        for (const auto& input : data_values(i)) reaching_.insert(input);
      } else {
        reaching_.insert(node.input(0));
      }
    }
  }

  bool has_parameters(const std::string& value) const {
    return tensors_.contains(value) || hard_.contains(value);
  }

  void place_between(int node) {
    if (quantized(node) || !rule_holds(node) || has_role(node, OpRole::kWeighted) ||
        has_role(node, OpRole::kProduct)) {
      return;
    }
    const auto& proto = graph_.node(node);
    const auto inputs = data_values(node);
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
    const auto is_made = [&](int input) { return makers_.contains(proto.input(input)); };
    // A convolution that others read too has to be written out in any case.
    const auto is_free = [&](int input) {
      return is_made(input) && index_.only_reader(proto.input(input)) == node;
    };
    if (!is_made(0) && !is_made(1)) return;
    const bool with_second = is_free(1) || (!is_free(0) && is_made(1));
    const int other = with_second ? 0 : 1;
    branch_inputs_.emplace(node, other);
    placed(node) = {true, "computed with the convolution before it; the other branch is quantized"};
    tensors_.insert(proto.input(other));
  }

  void place_freely(int node) {
    if (quantized(node) || !rule_holds(node) || has_role(node, OpRole::kWeighted) ||
        has_role(node, OpRole::kProduct)) {
      return;
    }
    for (const auto& input : data_values(node)) tensors_.insert(input);
    quantize_node(node, "the target computes in integers throughout");
  }

  void quantize_node(int node, std::string reason) {
    const auto& proto = graph_.node(node);
    placed(node) = {true, std::move(reason)};
    int last = node;
    if (const int activation = fused_activation(graph_, index_, node);
        activation >= 0 && has_role(node, OpRole::kElementwise)) {
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
    result.reason =
        rule_holds(node) ? std::string("not between integer nodes") : rule(node).why_not;
  }

  int find(int i) {
    while (parents_[static_cast<size_t>(i)] != i) i = parents_[static_cast<size_t>(i)];
    return i;
  }

  void collect_tensors() {
    const auto add = [&](const std::string& value) {
      if (!has_parameters(value) || numbers_.contains(value)) return;
      numbers_.emplace(value, static_cast<int>(placement_.tensors.size()));
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
      if (!quantized(i) || !shares_parameters(i)) continue;
      int first = -1;
      const auto unite = [&](const std::string& value) {
        const auto found = numbers_.find(value);
        if (found == numbers_.end()) return;
        const int root = find(found->second);
        if (first >= 0)
          parents_[static_cast<size_t>(std::max(root, find(first)))] = std::min(root, find(first));
        first = root;
      };
      for (const auto& input : data_values(i)) unite(input);
      for (const auto& output : graph_.node(i).output()) unite(output);
    }
    for (size_t i = 0; i < parents_.size(); ++i) {
      placement_.tensors[i].group = find(static_cast<int>(i));
    }
  }

  // Whether what the node reads and makes is under one scale.
  bool shares_parameters(int node) const {
    if (with_row_scales_.contains(node)) return false;
    return has_role(node, OpRole::kKeepsValues) || has_role(node, OpRole::kConcat);
  }

  void collect_constants() {
    for (int i = 0; i < graph_.node_size(); ++i) {
      if (!quantized(i)) continue;
      for (const int input : rule(i).constants) {
        PlacedConstant constant{i, input, graph_.node(i).input(input)};
        constant.has_row_scales = with_row_scales_.contains(i);
        const auto output = numbers_.find(graph_.node(i).output(0));
        if (shares_parameters(i) && output != numbers_.end()) constant.group = find(output->second);
        placement_.constants.push_back(std::move(constant));
      }
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
  const WithoutParameters& without_;
  GraphIndex index_;
  std::vector<NodeRule> rules_;
  GraphPlacement placement_;
  std::unordered_set<std::string> tensors_;  // get Q/DQ because a quantized node reads them
  std::unordered_set<std::string> hard_;     // because a quantized node makes them
  std::unordered_set<std::string> reaching_;
  std::unordered_map<std::string, int> makers_;  // outputs of weighted nodes, activation included
  std::unordered_map<int, int> branch_inputs_;
  std::unordered_set<int> with_row_scales_;       // tables
  std::unordered_map<std::string, int> numbers_;  // of placement_.tensors, by name
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
                     const std::vector<Choice>& choices, Outputs outputs,
                     const WithoutParameters& without) {
  return Placer(model, values, target, choices, outputs, without).run();
}

std::vector<ObservedTensor> tensors_to_observe(const Model& model, const ValueInfos& values,
                                               std::span<const Target> targets) {
  std::unordered_set<std::string> wanted;
  const auto& graph = model.graph();
  const GraphIndex index(graph);
  // Also what is quantized on request.
  const std::vector<Choice> all(static_cast<size_t>(graph.node_size()), Choice::kInteger);
  for (const Target& target : targets) {
    const GraphPlacement placement = place(model, values, target, all, Outputs::kQuantized);
    const auto want = [&](const std::string& value) {
      wanted.insert(value);
      const auto added = added_before_softmax(graph, index, target, value);
      wanted.insert(added.begin(), added.end());
    };
    for (const auto& tensor : placement.tensors) want(tensor.tensor);
    for (const auto& constant : placement.constants) want(constant.tensor);
  }
  std::vector<ObservedTensor> ordered;
  const auto add = [&](const std::string& value) {
    if (wanted.erase(value) == 0) return;
    ObservedTensor observed{value, std::nullopt};
    const int maker = index.producer(value);
    if (maker >= 0 && is_weighted(graph.node(maker)) &&
        index.constant(graph.node(maker).input(1))) {
      observed.channel_axis = data_channel_axis(graph.node(maker));
    }
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
