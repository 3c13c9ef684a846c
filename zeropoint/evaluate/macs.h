// Multiply-accumulates of a model's nodes.
#pragma once

#include <cstdint>
#include <vector>

#include "zeropoint/graph/model.h"
#include "zeropoint/graph/values.h"

namespace zp {

struct NodeMacs {
  int node = 0;      // its number in the main graph
  int64_t macs = 0;  // 0 where the shapes are not known
  // Whether one factor is a weight: a constant, or a constant behind DequantizeLinear.
  bool against_weights = false;
};

// Of each Conv, ConvTranspose, Gemm and MatMul of the main graph. A dimension that is not known
// counts as 1, so that of a model with a free batch size it is the work for one sample.
//
//   Conv           elements of the output * elements of the weight / output channels
//   ConvTranspose  elements of the input * elements of the weight / input channels
//   Gemm, MatMul   elements of the output * the dimension that is summed over
std::vector<NodeMacs> count_macs(const onnx::GraphProto& graph, const ValueInfos& values);

}  // namespace zp
