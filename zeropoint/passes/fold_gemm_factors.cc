#include "zeropoint/passes/fold_gemm_factors.h"

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/passes/linear_op.h"

namespace zp {

Result<int> fold_gemm_factors(Model& model, onnx::GraphProto& graph) {
  const GraphIndex index(graph);
  UniqueNames names(model.graph());
  int folded = 0;
  for (int i = 0; i < graph.node_size(); ++i) {
    const auto& node = graph.node(i);
    if (!is_op(node, "Gemm")) continue;
    if (float_attribute(node, "alpha", 1) == 1 && float_attribute(node, "beta", 1) == 1) continue;
    ZP_ASSIGN_OR_RETURN(const auto op, match_linear_op(model, graph, index, {}, i));
    if (!op) continue;
    ZP_ASSIGN_OR_RETURN(const auto parameters, changed_parameters(model, graph, index, *op, {}));
    if (!parameters) continue;
    ZP_RETURN_IF_ERROR(set_parameters(model, graph, index, names, *op, *parameters));
    ++folded;
  }
  if (folded > 0) remove_unused(graph);
  return folded;
}

}  // namespace zp
