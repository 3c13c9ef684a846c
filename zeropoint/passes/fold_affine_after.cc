#include "zeropoint/passes/fold_affine_after.h"

#include <vector>

#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/passes/channel_values.h"
#include "zeropoint/passes/linear_op.h"

namespace zp {
namespace {

// Folds each pair that shares no node with one folded before, and takes the second nodes out.
Result<int> sweep(Model& model, onnx::GraphProto& graph, const ValueInfos& values) {
  const GraphIndex index(graph);
  UniqueNames names(model.graph());
  std::vector<bool> touched(static_cast<size_t>(graph.node_size()));
  std::vector<int> folded;
  for (int i = 0; i < graph.node_size(); ++i) {
    const std::string value = affine_input(index, graph.node(i));
    if (value.empty() || index.only_reader(value) != i) continue;
    const int producer = index.producer(value);
    if (producer < 0 || touched[static_cast<size_t>(producer)]) continue;
    ZP_ASSIGN_OR_RETURN(const auto op, match_linear_op(model, graph, index, values, producer));
    if (!op) continue;
    ZP_ASSIGN_OR_RETURN(
        auto affine, match_affine(model, index, graph.node(i), op->output_axis, op->out_channels));
    if (!affine) continue;
    ZP_ASSIGN_OR_RETURN(
        const auto parameters,
        changed_parameters(model, graph, index, *op,
                           {std::move(affine->scale), std::move(affine->shift), {}, {}}));
    if (!parameters) continue;
    ZP_RETURN_IF_ERROR(set_parameters(model, graph, index, names, *op, *parameters));
    graph.mutable_node(producer)->set_output(0, graph.node(i).output(0));
    touched[static_cast<size_t>(producer)] = touched[static_cast<size_t>(i)] = true;
    folded.push_back(i);
  }
  remove_nodes(graph, folded);
  return static_cast<int>(folded.size());
}

}  // namespace

Result<int> fold_affine_after(Model& model, onnx::GraphProto& graph, const ValueInfos& values) {
  int total = 0;
  while (true) {
    ZP_ASSIGN_OR_RETURN(const int folded, sweep(model, graph, values));
    if (folded == 0) break;
    total += folded;
    // A producer now stands where its value was made; the consumers come after it still.
    remove_unused(graph);
  }
  return total;
}

}  // namespace zp
