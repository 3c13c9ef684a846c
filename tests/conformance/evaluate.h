// Runs the models of ONNX's node tests: the operators of zeropoint/numerics, and the few simple
// ones that occur beside them where a test spells an operator out.
#pragma once

#include "tests/conformance/onnx_file.h"

namespace zp::conformance {

// The outputs of the model for these inputs, in its order.
// Errors: another number of inputs than the model has; an operator or attribute that is not
// offered; a value that no node gives; what the operator itself refuses.
Result<std::vector<OnnxTensor>> evaluate(const Model& model, std::vector<OnnxTensor> inputs);

// The inputs of one node; null where an optional one is absent.
using Inputs = std::vector<const OnnxTensor*>;

// QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear, Cast, CastLike: through numerics.
// Nothing for another operator.
Result<std::optional<std::vector<OnnxTensor>>> evaluate_quantization(const Node& node,
                                                                     const Inputs& inputs,
                                                                     int64_t opset);

// Constant, Identity, ReduceMin, ReduceMax (over everything), Min, Max, Sub, Div, Clip, Round (of
// floats, one of two inputs possibly a scalar), as the expansion of DynamicQuantizeLinear has them.
Result<std::vector<OnnxTensor>> evaluate_helper(const Node& node, const Inputs& inputs);

}  // namespace zp::conformance
