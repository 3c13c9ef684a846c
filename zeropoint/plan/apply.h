// Writes what a plan says into a model: QuantizeLinear, DequantizeLinear and integer weights.
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/plan/plan.h"

namespace zp {

// Decides nothing. For each activation of the plan
//
//   readers all        producer -> T' -> QuantizeLinear -> DequantizeLinear -> every reader of T
//   readers quantized  T -> QuantizeLinear -> DequantizeLinear -> the quantized readers of T
//
// and for each quantized node its weights as integers behind a DequantizeLinear, and its bias as
// int32 with scale s_input * s_weight. The names of inputs and outputs stay. The model's metadata
// get "zeropoint.version", "zeropoint.options" and "zeropoint.plan".
//
// Errors name what does not fit the model: a plan of another model (by its hash), a tensor or node
// that is not there, scales that do not fit a weight, a bias that int32 cannot hold. The model is
// then not to be used.
Status apply(Model& model, const Plan& plan);

}  // namespace zp
