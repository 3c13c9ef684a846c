// Whether a model is one that a runtime can load.
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"

namespace zp {

// The structure: every value read is made somewhere, by one maker, no node waits for itself, and
// every tensor in the message has the data that its shape asks for. Nodes may stand in any order.
// Errors name the node and the value, or the tensor.
Status check_structure(const onnx::ModelProto& model);

// ONNX's own checker with full shape inference. Weights are not copied for it, nor is external data
// looked for. Errors begin with the model's name and end with the checker's own first line. What it
// does not know, such as operators of other domains, passes. An output without a shape, which
// ONNX's checker alone would refuse, passes as well.
Status check_with_onnx(const Model& model);

}  // namespace zp
