// Nodes that compute something from constants alone become constants.
//
//   before:  initializer w -> Transpose -> Reshape -> v -> MatMul
//   after:   initializer v -> MatMul
//
// The operators of evaluate.h, whose results are the same bits in every runtime; and Shape and Size
// of values whose dimensions are all known. Conditions: v is no output of the graph, and the model
// hardly grows: v takes at most as much as constants that nobody else reads free, and all such
// growth together stays below 64 KiB and 1 % of the weights (16 MiB at most). So a weight that is
// used as it is and transposed as well stays one weight. Half and double weights that are cast for
// their use may grow. Operands above 128 MiB are left alone.
#pragma once

#include <cstddef>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/values.h"

namespace zp {

// `graph` is the model's graph or a body in it, its nodes sorted; `values` are of that graph, as
// far as known. Takes what the model grows by from `growth_left`. Returns how many nodes went.
Result<int> fold_constants(Model& model, onnx::GraphProto& graph, const ValueInfos& values,
                           size_t& growth_left);

// What folding may add to the model in all.
size_t allowed_growth(const Model& model);

}  // namespace zp
