// What a node makes of constants, bit for bit as a runtime would.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "zeropoint/graph/proto.h"
#include "zeropoint/graph/tensor.h"

namespace zp {

// The inputs of a node: one for each, nullptr where it is left out.
using Operands = std::vector<const Tensor*>;

// Whether evaluate() knows the operator. Those that move elements: Concat, Expand, Flatten, Gather,
// Identity, Reshape, Slice, Squeeze, Transpose, Unsqueeze, ConstantOfShape, Range. Those that
// compute and are exact in IEEE arithmetic or in integers: Add, Sub, Mul, Div, Neg, Abs, Sqrt,
// Reciprocal, Cast, Equal, Where.
bool can_evaluate(const onnx::NodeProto& node);

// The node's first output, or nothing where the operands' types are not among those that it knows,
// where their shapes do not fit, or where the result would exceed `most_bytes`. Attributes and
// inputs are read as any of the operator's versions has them.
std::optional<Tensor> evaluate(const onnx::NodeProto& node, const Operands& operands,
                               size_t most_bytes);

}  // namespace zp
