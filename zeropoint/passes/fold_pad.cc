#include "zeropoint/passes/fold_pad.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/passes/constant_values.h"

namespace zp {
namespace {

using Pads = std::vector<int64_t>;  // all begins, then all ends

bool all_zero(const Pads& pads) {
  return std::ranges::all_of(pads, [](int64_t pad) { return pad == 0; });
}

// What the node adds at the spatial axes of a value of rank `rank`, if it is zeros and only there.
std::optional<Pads> spatial_zeros(const GraphIndex& index, const onnx::NodeProto& node, int rank) {
  if (!is_op(node, "Pad") || string_attribute(node, "mode", "constant") != "constant") {
    return std::nullopt;
  }
  if (has_input(node, 2) ? constant_scalar(index, node, 2) != 0.0
                         : float_attribute(node, "value", 0) != 0) {
    return std::nullopt;
  }
  const auto given = ints_of(index, node, "pads", 1);
  if (!given) return std::nullopt;
  Pads axes;
  if (has_input(node, 3)) {
    const auto chosen = constant_ints(index, node, 3);
    if (!chosen) return std::nullopt;
    axes = *chosen;
  } else {
    for (int axis = 0; axis < rank; ++axis) axes.push_back(axis);
  }
  if (given->size() != 2 * axes.size()) return std::nullopt;
  const auto dims = static_cast<size_t>(rank);
  Pads all(2 * dims);
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
    if (axis < 0 || axis >= rank) return std::nullopt;
    all[static_cast<size_t>(axis)] += (*given)[i];
    all[static_cast<size_t>(axis) + dims] += (*given)[axes.size() + i];
  }
  if (std::ranges::any_of(all, [](int64_t pad) { return pad < 0; })) return std::nullopt;
  if (all[0] != 0 || all[1] != 0 || all[dims] != 0 || all[dims + 1] != 0) return std::nullopt;
  Pads spatial(all.begin() + 2, all.begin() + rank);
  spatial.insert(spatial.end(), all.begin() + rank + 2, all.end());
  return spatial;
}

bool never_negative(const onnx::GraphProto& graph, const GraphIndex& index,
                    const std::string& value) {
  const int maker = index.producer(value);
  if (maker < 0) return false;
  const auto& node = graph.node(maker);
  if (is_op(node, "Relu") || is_op(node, "Sigmoid")) return true;
  if (!is_op(node, "Clip")) return false;
  const auto low = has_input(node, 1) ? constant_scalar(index, node, 1)
                                      : std::optional<double>(float_attribute(node, "min", -1));
  return low && *low >= 0;
}

// The number of spatial axes of what the node reads, if it is of a kind that takes padding.
std::optional<int> spatial_rank(const GraphIndex& index, const onnx::NodeProto& node) {
  if (is_op(node, "Conv")) {
    const auto* weights = node.input_size() > 1 ? index.constant(node.input(1)) : nullptr;
    if (weights) return weights->dims_size() - 2;
  }
  if (!is_op(node, "Conv") && !is_op(node, "AveragePool") && !is_op(node, "MaxPool")) {
    return std::nullopt;
  }
  const auto window = ints_attribute(node, "kernel_shape");
  if (!window) return std::nullopt;
  return static_cast<int>(window->size());
}

// The padding that the node `reader` of the Pad's output has afterwards, if it takes the Pad in.
std::optional<Pads> match_reader(const onnx::GraphProto& graph, const GraphIndex& index,
                                 const onnx::NodeProto& pad, const Use& use) {
  if (use.input != 0) return std::nullopt;
  const auto& reader = graph.node(use.node);
  const auto spatial = spatial_rank(index, reader);
  if (!spatial || *spatial < 1) return std::nullopt;
  const auto zeros = spatial_zeros(index, pad, *spatial + 2);
  if (!zeros) return std::nullopt;
  const std::string automatic = string_attribute(reader, "auto_pad", "NOTSET");
  Pads own(zeros->size());
  if (automatic == "NOTSET") {
    own = ints_attribute(reader, "pads").value_or(own);
  } else if (automatic != "VALID") {
    return std::nullopt;
  }
  if (own.size() != zeros->size()) return std::nullopt;
  Pads sum = own;
  std::ranges::transform(own, *zeros, sum.begin(), std::plus<>());
  if (is_op(reader, "Conv")) return sum;
  if (int_attribute(reader, "ceil_mode", 0) != 0) return std::nullopt;
  // Runtimes refuse a pooling window that can lie in the padding as a whole.
  const auto window = *ints_attribute(reader, "kernel_shape");
  for (size_t i = 0; i < sum.size(); ++i) {
    if (sum[i] >= window[i % window.size()]) return std::nullopt;
  }
  if (is_op(reader, "AveragePool")) {
    const bool counts = int_attribute(reader, "count_include_pad", 0) != 0;
    return counts || all_zero(own) ? std::optional(sum) : std::nullopt;
  }
  const auto dilations = ints_attribute(reader, "dilations").value_or(Pads());
  const bool dense = std::ranges::all_of(dilations, [](int64_t step) { return step == 1; });
  const bool exact =
      dense && reader.output_size() == 1 && never_negative(graph, index, pad.input(0));
  return exact ? std::optional(sum) : std::nullopt;
}

}  // namespace

Result<int> fold_pad(Model& /*model*/, onnx::GraphProto& graph) {
  const GraphIndex index(graph);
  std::vector<int> folded;
  for (int i = 0; i < graph.node_size(); ++i) {
    const auto& pad = graph.node(i);
    if (!is_op(pad, "Pad") || index.is_graph_output(pad.output(0))) continue;
    const auto uses = index.uses(pad.output(0));
    std::vector<std::pair<int, Pads>> changes;
    for (const Use& use : uses) {
      auto pads = match_reader(graph, index, pad, use);
      if (!pads) break;
      changes.emplace_back(use.node, *std::move(pads));
    }
    if (uses.empty() || changes.size() != uses.size()) continue;
    for (const auto& [number, pads] : changes) {
      auto& reader = *graph.mutable_node(number);
      reader.set_input(0, pad.input(0));
      remove_attribute(reader, "auto_pad");
      set_attribute(reader, "pads", pads);
      if (is_op(reader, "AveragePool")) set_attribute(reader, "count_include_pad", int64_t{1});
    }
    folded.push_back(i);
  }
  remove_nodes(graph, folded);
  if (!folded.empty()) remove_unused(graph);
  return static_cast<int>(folded.size());
}

}  // namespace zp
