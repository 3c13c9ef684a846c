#include "zeropoint/passes/evaluate.h"

#include "zeropoint/graph/edit.h"
#include "zeropoint/passes/evaluate_parts.h"

namespace zp {
namespace {

evaluation::Evaluator find(const onnx::NodeProto& node) {
  if (!is_op(node, node.op_type()) || node.output_size() != 1) return nullptr;
  const auto mover = evaluation::find_mover(node.op_type());
  return mover ? mover : evaluation::find_computer(node.op_type());
}

}  // namespace

bool can_evaluate(const onnx::NodeProto& node) { return find(node) != nullptr; }

std::optional<Tensor> evaluate(const onnx::NodeProto& node, const Operands& operands,
                               size_t most_bytes) {
  const auto evaluator = find(node);
  if (!evaluator) return std::nullopt;
  return evaluator({node, operands, most_bytes});
}

}  // namespace zp
