#include "zeropoint/tuning/segments.h"

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"

namespace zp {
namespace {

constexpr int kConstant = -1;  // the level of what depends on no input of the model

// What a node reads, its bodies included, without initializers.
std::vector<std::string> values_read(const onnx::NodeProto& node,
                                     const std::unordered_set<std::string>& initializers) {
  std::vector<std::string> names(node.input().begin(), node.input().end());
  for (auto& name : captured_values(node)) names.push_back(std::move(name));
  std::erase_if(
      names, [&](const std::string& name) { return name.empty() || initializers.contains(name); });
  return names;
}

std::unordered_set<std::string> initializers_of(const onnx::GraphProto& graph) {
  std::unordered_set<std::string> names;
  for (const auto& tensor : graph.initializer()) names.insert(tensor.name());
  for (const auto& tensor : graph.sparse_initializer()) names.insert(tensor.values().name());
  return names;
}

// The level of a node is the number of chosen nodes on the longest path to its output.
class Cutter {
 public:
  Cutter(const Model& model, std::span<const std::string> chosen)
      : graph_(model.graph()), initializers_(initializers_of(graph_)) {
    for (size_t i = 0; i < chosen.size(); ++i) chosen_.emplace(chosen[i], i);
  }

  Result<std::vector<Segment>> cut() {
    ZP_ASSIGN_OR_RETURN(const std::vector<int> order, topological_order(graph_));
    find_levels(order);
    if (found_ < chosen_.size()) {
      for (const auto& node : graph_.node()) chosen_.erase(node.name());
      return invalid_argument(fmt::format("the model has no node \"{}\"", chosen_.begin()->first));
    }
    find_needed(order);
    return segments(order);
  }

 private:
  int level_of_value(const std::string& name) const {
    const auto found = levels_.find(name);
    return found == levels_.end() ? kConstant : found->second;
  }

  void find_levels(const std::vector<int>& order) {
    for (const auto& input : graph_.input()) {
      if (!initializers_.contains(input.name())) levels_.emplace(input.name(), 0);
    }
    node_levels_.resize(order.size());
    for (const int number : order) {
      const auto& node = graph_.node(number);
      int level = kConstant;
      for (const auto& name : values_read(node, initializers_)) {
        level = std::max(level, level_of_value(name));
      }
      if (chosen_.contains(node.name())) {
        ++found_;
        level = std::max(level, 0) + 1;
      }
      node_levels_[static_cast<size_t>(number)] = level;
      for (const auto& output : node.output()) levels_[output] = level;
      deepest_ = std::max(deepest_, level);
    }
  }

  // What the chosen nodes depend on.
  void find_needed(const std::vector<int>& order) {
    std::unordered_set<std::string> wanted;
    needed_.resize(order.size());
    for (size_t i = order.size(); i-- > 0;) {
      const auto& node = graph_.node(order[i]);
      const bool reached = std::ranges::any_of(
          node.output(), [&](const std::string& name) { return wanted.contains(name); });
      needed_[static_cast<size_t>(order[i])] = reached;
      if (!reached && !chosen_.contains(node.name())) continue;
      for (auto& name : values_read(node, initializers_)) wanted.insert(std::move(name));
    }
  }

  std::vector<Segment> segments(const std::vector<int>& order) const {
    std::vector<Segment> parts(static_cast<size_t>(std::max(deepest_, 0)));
    // By value: the last part whose nodes, or whose ready nodes, read it.
    std::map<std::string, int> last_read;
    std::vector<std::set<std::string>> inputs(parts.size());
    for (const int number : order) {
      const auto& node = graph_.node(number);
      const int level = node_levels_[static_cast<size_t>(number)];
      const auto found = chosen_.find(node.name());
      if (found != chosen_.end()) {
        parts[static_cast<size_t>(level - 1)].ready.push_back(found->second);
        keep_until(node, level - 1, last_read);
      }
      if (level < 0 || level >= static_cast<int>(parts.size()) ||
          !needed_[static_cast<size_t>(number)]) {
        continue;
      }
      parts[static_cast<size_t>(level)].nodes.push_back(number);
      keep_until(node, level, last_read);
      for (const auto& name : values_read(node, initializers_)) {
        const int made = level_of_value(name);
        if (made >= 0 && (made < level || is_model_input(name))) {
          inputs[static_cast<size_t>(level)].insert(name);
        }
      }
    }
    for (size_t i = 0; i < parts.size(); ++i) {
      parts[i].inputs.assign(inputs[i].begin(), inputs[i].end());
      std::ranges::sort(parts[i].ready);
    }
    for (const auto& [name, last] : last_read) {
      const int made = level_of_value(name);
      if (made < 0 || is_model_input(name)) continue;
      const bool crosses = last > made || is_read_by_ready(parts[static_cast<size_t>(made)], name);
      if (crosses) parts[static_cast<size_t>(made)].outputs.push_back(name);
    }
    return parts;
  }

  void keep_until(const onnx::NodeProto& node, int level, std::map<std::string, int>& last) const {
    for (const auto& name : values_read(node, initializers_)) {
      const auto [found, is_new] = last.emplace(name, level);
      if (!is_new) found->second = std::max(found->second, level);
    }
  }

  bool is_read_by_ready(const Segment& part, const std::string& name) const {
    return std::ranges::any_of(graph_.node(), [&](const onnx::NodeProto& node) {
      const auto found = chosen_.find(node.name());
      return found != chosen_.end() && std::ranges::binary_search(part.ready, found->second) &&
             std::ranges::find(node.input(), name) != node.input().end();
    });
  }

  bool is_model_input(const std::string& name) const {
    return std::ranges::any_of(graph_.input(),
                               [&](const auto& input) { return input.name() == name; });
  }

  const onnx::GraphProto& graph_;
  std::unordered_set<std::string> initializers_;
  std::map<std::string, size_t> chosen_;
  size_t found_ = 0;
  int deepest_ = kConstant;
  std::unordered_map<std::string, int> levels_;  // of values
  std::vector<int> node_levels_;
  std::vector<char> needed_;
};

void set_value(onnx::ValueInfoProto& value, const std::string& name, const ValueInfo& info) {
  value.set_name(name);
  auto& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(static_cast<int32_t>(info.type));
  if (!info.dims) return;
  auto& shape = *tensor.mutable_shape();
  for (const int64_t dim : *info.dims) {
    auto& added = *shape.add_dim();
    if (dim >= 0) added.set_dim_value(dim);
  }
}

}  // namespace

Result<std::vector<Segment>> segments_of(const Model& model, std::span<const std::string> chosen) {
  return Cutter(model, chosen).cut();
}

Result<Model> model_of(const Model& model, const Segment& segment,
                       std::span<const SegmentInput> inputs, const ValueInfos& values) {
  Model part = model.copy();
  auto& graph = part.graph();
  // Nodes that depend on no input stay where the part reads them.
  const auto initializers = initializers_of(graph);
  std::unordered_set<std::string> varying;
  for (const auto& input : graph.input()) {
    if (!initializers.contains(input.name())) varying.insert(input.name());
  }
  ZP_ASSIGN_OR_RETURN(const std::vector<int> order, topological_order(graph));
  std::vector<int> gone;
  const std::set<int> kept(segment.nodes.begin(), segment.nodes.end());
  for (const int number : order) {
    const auto& node = graph.node(number);
    const auto read = values_read(node, initializers);
    const bool varies =
        std::ranges::any_of(read, [&](const std::string& name) { return varying.contains(name); });
    if (varies) varying.insert(node.output().begin(), node.output().end());
    if (varies && !kept.contains(number)) gone.push_back(number);
  }
  remove_nodes(graph, gone);
  graph.clear_value_info();
  graph.clear_input();
  graph.clear_output();
  for (const SegmentInput& input : inputs) set_value(*graph.add_input(), input.name, input.info);
  for (const std::string& name : segment.outputs) {
    const auto found = values.find(name);
    const bool known = found != values.end() && found->second.type != DataType::kUndefined;
    set_value(*graph.add_output(), name,
              {known ? found->second.type : DataType::kFloat, std::nullopt});
  }
  remove_unused(graph);
  return part;
}

}  // namespace zp
