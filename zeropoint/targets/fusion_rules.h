// The rules of each runtime, for fusion.cc. docs/targets.md, "What fuses", has them as a table.
#pragma once

#include <string>
#include <vector>

#include "zeropoint/targets/fusion.h"
#include "zeropoint/targets/fusion_graph.h"

namespace zp {

// What becomes of a node.
struct Verdict {
  Execution execution = Execution::kFloat;
  std::string as;
  std::string reason;

  static Verdict int8(std::string as) { return {Execution::kInt8, std::move(as), ""}; }
  static Verdict in_float(std::string reason) { return {Execution::kFloat, "", std::move(reason)}; }
};

// One verdict for each node of the model's main graph; those of nodes that get no prediction have
// no meaning.
std::vector<Verdict> onnxruntime_verdicts(FusionGraph graph);
std::vector<Verdict> openvino_verdicts(const FusionGraph& graph);

// Operators that compute on codes by definition: QLinearConv, MatMulInteger, ...
bool is_integer_op(const FusionNode& node);
// Whether a QuantizeLinear behind a Relu or Clip cuts off what it cuts off.
bool is_implied_by(const FusionNode& activation, const Quantizer& quantizer);

}  // namespace zp
