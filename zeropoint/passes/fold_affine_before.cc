#include "zeropoint/passes/fold_affine_before.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/passes/channel_values.h"
#include "zeropoint/passes/linear_op.h"

namespace zp {
namespace {

struct Change {
  LinearOp op;
  LinearParameters parameters;
};

bool pads_nothing(const onnx::NodeProto& conv) {
  const std::string automatic = string_attribute(conv, "auto_pad", "NOTSET");
  if (automatic == "VALID") return true;
  const auto pads = ints_attribute(conv, "pads").value_or(std::vector<int64_t>());
  return automatic == "NOTSET" && std::ranges::all_of(pads, [](int64_t pad) { return pad == 0; });
}

bool sees_shift_everywhere(const LinearOp& op, const onnx::NodeProto& node) {
  switch (op.kind) {
    case LinearKind::kConv:
      return pads_nothing(node);
    case LinearKind::kConvTranspose:
      return false;
    case LinearKind::kGemm:
    case LinearKind::kMatMul:
      return true;
  }
  return false;
}

// What the reader of the BatchNormalization's output becomes, if it can take it in.
Result<std::optional<Change>> match_reader(const Model& model, const onnx::GraphProto& graph,
                                           const GraphIndex& index, const ValueInfos& values,
                                           const onnx::NodeProto& normalization, const Use& use) {
  if (use.input != 0) return std::nullopt;
  ZP_ASSIGN_OR_RETURN(auto op, match_linear_op(model, graph, index, values, use.node));
  if (!op) return std::nullopt;
  ZP_ASSIGN_OR_RETURN(auto affine,
                      match_affine(model, index, normalization, op->input_axis, op->in_channels));
  if (!affine) return std::nullopt;
  if (std::ranges::all_of(affine->shift, [](double shift) { return shift == 0; })) {
    affine->shift.clear();
  } else if (!sees_shift_everywhere(*op, graph.node(use.node))) {
    return std::nullopt;
  }
  ZP_ASSIGN_OR_RETURN(
      auto parameters,
      changed_parameters(model, graph, index, *op,
                         {{}, {}, std::move(affine->scale), std::move(affine->shift)}));
  if (!parameters) return std::nullopt;
  return Change{*std::move(op), *std::move(parameters)};
}

}  // namespace

Result<int> fold_affine_before(Model& model, onnx::GraphProto& graph, const ValueInfos& values) {
  const GraphIndex index(graph);
  UniqueNames names(model.graph());
  std::vector<bool> touched(static_cast<size_t>(graph.node_size()));
  std::vector<int> folded;
  for (int i = 0; i < graph.node_size(); ++i) {
    const auto& node = graph.node(i);
    if (!is_inference_batch_normalization(index, node)) continue;
    const auto uses = index.uses(node.output(0));
    if (uses.empty() || index.is_graph_output(node.output(0))) continue;
    std::vector<Change> changes;
    for (const Use& use : uses) {
      ZP_ASSIGN_OR_RETURN(auto change, match_reader(model, graph, index, values, node, use));
      if (!change || touched[static_cast<size_t>(use.node)]) break;
      changes.push_back(*std::move(change));
    }
    if (changes.size() != uses.size()) continue;
    for (const Change& change : changes) {
      ZP_RETURN_IF_ERROR(set_parameters(model, graph, index, names, change.op, change.parameters));
      graph.mutable_node(change.op.node)->set_input(0, node.input(0));
      touched[static_cast<size_t>(change.op.node)] = true;
    }
    folded.push_back(i);
  }
  remove_nodes(graph, folded);
  if (!folded.empty()) remove_unused(graph);
  return static_cast<int>(folded.size());
}

}  // namespace zp
