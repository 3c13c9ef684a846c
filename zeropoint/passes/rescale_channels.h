// Channel scales: values that hold each channel divided by a factor of its own.
//
// Meller et al. 2019 (arXiv 1902.01917), Nagel et al. 2019 (arXiv 1906.04721, section 4.1): for
// positive r, W2 f(W1 x + b1) = (W2 diag(r)) f(diag(1/r) (W1 x + b1)) where f(r y) = r f(y).
#pragma once

#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/values.h"
#include "zeropoint/plan/plan.h"

namespace zp {

// The name under which a rescaled value is found in the model: `tensor` with its channels divided.
std::string rescaled_name(const std::string& tensor);

// Gives each tensor of `scales` a twin rescaled_name(tensor) = tensor / scales, channel by channel,
// and lets every node that can take it have it:
//
//   a Conv, Gemm or MatMul that makes it     weights and bias are divided
//   one that reads it                        weights along its input channels are multiplied
//   an operator of ChannelFlow whose values  reads and makes the twins
//     all are rescaled, by the same factors
//   any other node                           goes on with the tensor itself: Mul by the scales
//                                            behind the twin, or by their inverse before it
//
// What the model computes stays the same but for the rounding of weights to float32. Names of
// inputs and outputs stay. Errors name the tensor: not in the model, without channels that fit the
// scales, scales that are not positive and finite, weights that would not be finite.
Status rescale_channels(Model& model, const ValueInfos& values,
                        const std::vector<ChannelScales>& scales);

}  // namespace zp
