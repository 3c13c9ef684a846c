// A quantized model as a float model that rounds as it does.
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"

namespace zp {

// Of a model that apply() (plan/apply.h) wrote: constants behind DequantizeLinear become their
// float values, and each QuantizeLinear with the DequantizeLinear nodes behind it
//
//   x -> Div(scale) -> Round (half to even) -> Clip(qmin - zero_point, qmax - zero_point) ->
//   Mul(scale)
//
// which is ONNX's definition in float32. Any float engine runs it; none has to be trusted with a
// mode of its own for quantized models (OpenVINO 2026.4.1, told to leave Q/DQ alone, computes wrong
// values for some). Errors name a node whose parameters are not constants for a whole tensor.
Result<Model> simulated_model(const Model& quantized);

}  // namespace zp
