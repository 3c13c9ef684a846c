// Gemm's factors go into its constants, as runtimes fuse an int8 Gemm only without them.
//
//   before:  x -> Gemm(W, b, alpha, beta) -> y       after:  x -> Gemm(alpha W, beta b) -> y
//
// Conditions: W is a constant of type float and alpha or beta is not 1; b is absent, or a constant
// that gives each output channel one value.
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"

namespace zp {

// `graph` is the model's graph or a body in it. Returns how many nodes changed.
Result<int> fold_gemm_factors(Model& model, onnx::GraphProto& graph);

}  // namespace zp
