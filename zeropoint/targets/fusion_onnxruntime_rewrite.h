// The graph as ONNX Runtime's optimizer leaves it before it looks for nodes to compute in integers.
#pragma once

#include <map>
#include <set>

#include "zeropoint/targets/fusion_graph.h"
#include "zeropoint/targets/fusion_rules.h"

namespace zp {

struct RewrittenGraph {
  explicit RewrittenGraph(FusionGraph before) : graph(std::move(before)) {}

  FusionGraph graph;                // each DequantizeLinear has one reader
  std::map<int, Verdict> verdicts;  // of nodes of the model that are settled already
  std::set<int> own_weights;        // nodes whose weights ONNX Runtime quantizes by itself
};

// What of the optimizer decides about QuantizeLinear and DequantizeLinear: it drops identities,
// merges pairs in a row, turns MatMul and Add into Gemm, moves quantizers over Reshape and its
// like, quantizes float weights between quantizers, drops a Relu that a quantizer implies and makes
// signed activations unsigned.
RewrittenGraph rewrite_as_onnxruntime(FusionGraph graph);

}  // namespace zp
