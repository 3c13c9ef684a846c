// Zeros around an image go into the padding of the convolution or pooling behind them.
//
//   before:  x -> Pad(pads, 0) -> y -> Conv(pads = q) -> z
//   after:   x -> Conv(pads = pads + q) -> z
//
// Conditions: Pad adds constant zeros, at spatial axes only, removes nothing; every reader of y
// takes it in, and y is no output of the graph. Readers that do: a Conv with explicit padding; an
// AveragePool that counts its padding or has none, without ceil_mode (it then counts it); a MaxPool
// without ceil_mode whose x is known to be 0 or more (a Relu, Sigmoid or Clip from 0 on makes it)
// and whose padding stays below its window, so that each window holds an element of x. Padding of a
// MaxPool counts as minus infinity, so the maximum is the same.
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"

namespace zp {

// `graph` is the model's graph or a body in it. Returns how many Pads went.
Result<int> fold_pad(Model& model, onnx::GraphProto& graph);

}  // namespace zp
