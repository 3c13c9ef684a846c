// ONNX Runtime 1.31.1, CPU, x86, default options. The graph is rewritten as its optimizer does it,
// then each node is judged by itself.
#include "zeropoint/targets/fusion_onnxruntime_nodes.h"
#include "zeropoint/targets/fusion_onnxruntime_rewrite.h"
#include "zeropoint/targets/fusion_rules.h"

namespace zp {
namespace {

// The Relu or Clip that alone reads the node's output and that goes into it, or nullptr.
const FusionNode* absorbed_by(const FusionGraph& graph, const FusionNode& node) {
  const auto& readers = graph.readers(node.outputs[0]);
  if (readers.size() != 1 || readers[0].input != 0 || graph.is_output(node.outputs[0])) {
    return nullptr;
  }
  const FusionNode& next = graph.node(readers[0].node);
  if (!next.is("Relu") && !next.is("Clip")) return nullptr;
  const auto& behind = graph.readers(next.outputs[0]);
  const bool is_quantized =
      behind.size() == 1 && behind[0].input == 0 && graph.node(behind[0].node).is_quantize();
  return is_quantized ? &next : nullptr;
}

}  // namespace

std::vector<Verdict> onnxruntime_verdicts(FusionGraph graph) {
  std::vector<Verdict> verdicts(graph.nodes().size());
  RewrittenGraph rewritten = rewrite_as_onnxruntime(std::move(graph));
  const auto settle = [&](const FusionNode& node, const Verdict& verdict) {
    for (const int source : node.sources) rewritten.verdicts.try_emplace(source, verdict);
  };
  const auto& nodes = rewritten.graph.nodes();
  for (size_t i = 0; i < nodes.size(); ++i) {
    const FusionNode& node = nodes[i];
    if (node.removed || node.sources.empty() || node.quantizer) continue;
    Verdict verdict = onnxruntime_verdict(rewritten.graph, node);
    if (verdict.execution == Execution::kInt8) {
      if (rewritten.own_weights.contains(static_cast<int>(i))) {
        verdict.reason = "its float weights are quantized per tensor when the model is loaded";
      }
      if (const FusionNode* next = absorbed_by(rewritten.graph, node)) {
        settle(*next, {Execution::kAbsorbed, "", "its quantizer implies it"});
      }
    }
    settle(node, verdict);
  }
  for (auto& [source, verdict] : rewritten.verdicts) {
    verdicts[static_cast<size_t>(source)] = std::move(verdict);
  }
  return verdicts;
}

}  // namespace zp
