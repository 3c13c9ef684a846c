// What ONNX Runtime makes of one node, once its optimizer has put QuantizeLinear and
// DequantizeLinear in their places.
#pragma once

#include "zeropoint/targets/fusion_graph.h"
#include "zeropoint/targets/fusion_rules.h"

namespace zp {

// Requires that each DequantizeLinear has one reader.
Verdict onnxruntime_verdict(const FusionGraph& graph, const FusionNode& node);

}  // namespace zp
