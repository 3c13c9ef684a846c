// BatchNormalization, bias and scale behind a convolution or matrix product go into its weights.
//
//   before:  x -> Conv(W, b) -> y -> BatchNormalization(s, t, mean, variance) -> z
//   after:   x -> Conv(W', b') -> z        W' = a W,  b' = a b + c,  z = a y + c
//
// The first node is a Conv, ConvTranspose, Gemm or MatMul with constant weights and bias; the
// second a BatchNormalization, or an Add, Sub, Mul or Div with a constant. Conditions: the second
// applies one factor and one summand to each output channel; nothing else reads y; all is of type
// float and finite. A MatMul that needs a bias becomes a Gemm, and is left alone where x is not
// known to have rank 2. A Gemm's alpha and beta go into the constants as well. Weights that other
// nodes read too are copied first.
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/values.h"

namespace zp {

// `graph` is the model's graph or a body in it; `values` are of that graph, as far as known.
// Returns how many nodes went.
Result<int> fold_affine_after(Model& model, onnx::GraphProto& graph, const ValueInfos& values);

}  // namespace zp
