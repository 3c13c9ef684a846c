// What ONNX's version converter (1.23) leaves different from what the older operators meant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "zeropoint/graph/proto.h"
#include "zeropoint/graph/values.h"

namespace zp {

// Why the model cannot be brought from its operator set to `target` without a change of results;
// nothing where it can. Hardmax before 13 over an axis that is not the last takes all axes from it
// on together; Resize with tf_half_pixel_for_nn ends with 12; Resize-10 that shrinks rounds up,
// which can be said only where its constant scales all shrink.
std::optional<std::string> unconvertible(const onnx::ModelProto& model, const ValueInfos& values,
                                         int64_t target);

// To be done before the conversion. Below 7, Add, Sub, Mul, Div and Pow align their constant second
// input at `axis`, and PRelu its constant slope at axis 1: the constant gets dimensions of 1 behind
// it, as broadcasting needs now.
void repair_before(onnx::ModelProto& model, const ValueInfos& values);

// To be done after it. Upsample and Resize-10 computed positions as coordinate / scale, rounding
// down, while Resize-11 does so only where told; bounds of Clip and Pad's value were made floats
// whatever the data's type is.
void repair_after(onnx::ModelProto& model, const ValueInfos& values, int64_t before);

}  // namespace zp
