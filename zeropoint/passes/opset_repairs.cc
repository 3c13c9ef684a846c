#include "zeropoint/passes/opset_repairs.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <vector>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/tensor_proto.h"
#include "zeropoint/graph/visit.h"

namespace zp {
namespace {

// The rank of a value of the main graph, where it is known.
std::optional<int64_t> rank_of(const ValueInfos& values, const std::string& name) {
  const auto found = values.find(name);
  if (found == values.end() || !found->second.dims) return std::nullopt;
  return static_cast<int64_t>(found->second.dims->size());
}

bool is_nearest(const onnx::NodeProto& node) {
  return string_attribute(node, "mode", "nearest") == "nearest";
}

enum class Scaling { kGrows, kShrinks, kBoth, kUnknown };

Scaling scaling_of(const GraphIndex& index, const onnx::NodeProto& node) {
  const auto* scales = node.input_size() > 1 ? index.constant(node.input(1)) : nullptr;
  if (!scales) return Scaling::kUnknown;
  const auto tensor = tensor_in_message(*scales);
  if (!tensor) return Scaling::kUnknown;
  const auto values = to_floats(*tensor);
  if (!values) return Scaling::kUnknown;
  const bool grows = std::ranges::any_of(*values, [](float scale) { return scale > 1; });
  const bool shrinks = std::ranges::any_of(*values, [](float scale) { return scale < 1; });
  if (grows && shrinks) return Scaling::kBoth;
  return shrinks ? Scaling::kShrinks : Scaling::kGrows;
}

bool aligns_at_axis(const onnx::NodeProto& node) {
  constexpr std::array kOps{"Add", "Sub", "Mul", "Div", "Pow"};
  return std::ranges::any_of(kOps, [&](const char* op) { return is_op(node, op); }) &&
         int_attribute(node, "broadcast", 0) != 0 && int_attribute(node, "axis", -1) >= 0;
}

bool is_channel_slope(const onnx::NodeProto& node, const ValueInfos& values) {
  return is_op(node, "PRelu") && node.input_size() == 2 && rank_of(values, node.input(1)) == 1;
}

// Puts Unsqueeze before input 1 of the node so that `behind` dimensions of 1 follow its own `rank`.
void add_dimensions(onnx::GraphProto& graph, UniqueNames& names, int number, int64_t rank,
                    int64_t behind) {
  std::vector<int64_t> axes;
  for (int64_t i = 0; i < behind; ++i) axes.push_back(rank + i);
  const std::string aligned = names(graph.node(number).input(1) + "_aligned");
  auto& unsqueeze = add_node(graph, "Unsqueeze", names("Unsqueeze_" + aligned),
                             {graph.node(number).input(1)}, {aligned});
  set_attribute(unsqueeze, "axes", axes);
  graph.mutable_node(number)->set_input(1, aligned);
}

// Puts Cast before an input of the node.
void add_cast(onnx::GraphProto& graph, UniqueNames& names, int number, int input, DataType type) {
  const std::string typed = names(graph.node(number).input(input) + "_typed");
  auto& cast =
      add_node(graph, "Cast", names("Cast_" + typed), {graph.node(number).input(input)}, {typed});
  set_attribute(cast, "to", static_cast<int64_t>(type));
  graph.mutable_node(number)->set_input(input, typed);
}

}  // namespace

std::optional<std::string> unconvertible(const onnx::ModelProto& model, const ValueInfos& values,
                                         int64_t target) {
  const int64_t before = opset_version(model);
  std::optional<std::string> reason;
  for_each_graph(model.graph(), [&](const onnx::GraphProto& graph) {
    const GraphIndex index(graph);
    for (const auto& node : graph.node()) {
      if (is_op(node, "Hardmax") && before < 13 && target >= 13) {
        const int64_t axis = int_attribute(node, "axis", 1);
        const auto rank = rank_of(values, node.input(0));
        if (axis != -1 && (!rank || axis != *rank - 1)) {
          reason =
              fmt::format("{} takes several axes together, which opset 13 cannot", describe(node));
        }
      }
      if (is_op(node, "Resize") && before < 13 && target >= 13 &&
          string_attribute(node, "coordinate_transformation_mode", "") == "tf_half_pixel_for_nn") {
        reason = fmt::format("{} uses tf_half_pixel_for_nn, which opset 13 does not have",
                             describe(node));
      }
      if (is_op(node, "Resize") && before == 10 && target > 10 && is_nearest(node)) {
        const Scaling scaling = scaling_of(index, node);
        if (scaling == Scaling::kBoth || scaling == Scaling::kUnknown) {
          reason = fmt::format("{} rounds as opset 10 has it, depending on scales that are {}",
                               describe(node),
                               scaling == Scaling::kBoth ? "both above and below 1" : "computed");
        }
      }
      if (before < 7 && (aligns_at_axis(node) || is_channel_slope(node, values)) &&
          (!rank_of(values, node.input(0)) || !rank_of(values, node.input(1)))) {
        reason = fmt::format("{} aligns its inputs at an axis, and their ranks are not known",
                             describe(node));
      }
    }
  });
  return reason;
}

void repair_before(onnx::ModelProto& model, const ValueInfos& values) {
  if (opset_version(model) >= 7) return;
  auto& graph = *model.mutable_graph();
  UniqueNames names(graph);
  const int count = graph.node_size();
  for (int i = 0; i < count; ++i) {
    auto& node = *graph.mutable_node(i);
    const bool aligned = aligns_at_axis(node);
    if (!aligned && !is_channel_slope(node, values)) continue;
    const auto rank = rank_of(values, node.input(0));
    const auto other = rank_of(values, node.input(1));
    if (!rank || !other) continue;
    const int64_t axis = aligned ? int_attribute(node, "axis", 0) : 1;
    remove_attribute(node, "axis");
    const int64_t behind = *rank - axis - *other;
    if (behind > 0) add_dimensions(graph, names, i, *other, behind);
  }
  // On a graph that was sorted this cannot fail: the new nodes read what is made before.
  static_cast<void>(sort_nodes(graph));
}

void repair_after(onnx::ModelProto& model, const ValueInfos& values, int64_t before) {
  const int64_t after = opset_version(model);
  if (before >= 11 || after < 11) return;
  for_each_graph(*model.mutable_graph(), [&](onnx::GraphProto& graph) {
    const GraphIndex index(graph);
    for (auto& node : *graph.mutable_node()) {
      if (!is_op(node, "Resize")) continue;
      set_attribute(node, "coordinate_transformation_mode", std::string_view("asymmetric"));
      if (!is_nearest(node)) continue;
      // unconvertible() has left those that round one way only. The scales are input 2 now.
      onnx::NodeProto old = node;
      if (old.input_size() > 2) old.set_input(1, old.input(2));
      const bool shrinks = before == 10 && scaling_of(index, old) == Scaling::kShrinks;
      set_attribute(node, "nearest_mode", std::string_view(shrinks ? "ceil" : "floor"));
    }
  });
  auto& graph = *model.mutable_graph();
  UniqueNames names(graph);
  const int count = graph.node_size();
  for (int i = 0; i < count; ++i) {
    const bool is_clip = is_op(graph.node(i), "Clip");
    if (!is_clip && !is_op(graph.node(i), "Pad")) continue;
    const auto found = values.find(graph.node(i).input(0));
    if (found == values.end() || found->second.type == DataType::kFloat ||
        found->second.type == DataType::kUndefined) {
      continue;
    }
    for (int input = is_clip ? 1 : 2; input < std::min(graph.node(i).input_size(), 3); ++input) {
      if (graph.node(i).input(input).empty()) continue;
      add_cast(graph, names, i, input, found->second.type);
    }
  }
  static_cast<void>(sort_nodes(graph));
}

}  // namespace zp
