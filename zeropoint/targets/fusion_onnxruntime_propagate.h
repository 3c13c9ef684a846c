// How ONNX Runtime moves quantizers over Reshape, Transpose, MaxPool and their like.
#pragma once

#include "zeropoint/targets/fusion_graph.h"

namespace zp {

// Inserts a pair of QuantizeLinear and DequantizeLinear before each such node that stands in front
// of a QuantizeLinear, and behind each one that reads a DequantizeLinear, so that the node itself
// can work on codes.
void propagate_quantizers(FusionGraph& graph);

}  // namespace zp
