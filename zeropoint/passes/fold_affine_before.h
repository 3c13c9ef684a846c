// BatchNormalization in front of a convolution or matrix product goes into its weights.
//
//   before:  x -> BatchNormalization -> y -> Conv(W, b) -> z
//   after:   x -> Conv(W', b') -> z        W' = W a,  b' = b + W c,  y = a x + c
//
// The second node is a Conv, ConvTranspose, Gemm or MatMul with constant weights and bias; there
// may be several, and then each gets its own weights. Conditions: every reader of y is such a node
// and y is its first input; y is no output of the graph; all is of type float and finite. Where c
// is not 0, the borders must see it: a Conv without padding, no ConvTranspose. A MatMul that needs
// a bias becomes a Gemm, which takes rank 2.
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/values.h"

namespace zp {

// As fold_affine_after. Returns how many BatchNormalizations went.
Result<int> fold_affine_before(Model& model, onnx::GraphProto& graph, const ValueInfos& values);

}  // namespace zp
