// A model without its weights, for what looks at the graph alone.
#pragma once

#include "zeropoint/graph/proto.h"

namespace zp {

// A copy of the model in which the main graph's initializers of more than a few hundred elements
// have name, type and dimensions but no data. What ONNX's shape inference and its version converter
// make of it is what they would make of the model itself: tensors that say something about shapes
// or axes are small.
onnx::ModelProto skeleton_of(const onnx::ModelProto& model);

// Gives the data back: each initializer of `to` is swapped with the one of `from` that has its
// name.
void restore_data(onnx::GraphProto& from, onnx::GraphProto& to);

}  // namespace zp
