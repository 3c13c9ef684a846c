// The codes of a weight as a plan wants them.
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/graph/proto.h"
#include "zeropoint/graph/tensor.h"
#include "zeropoint/plan/pairs.h"
#include "zeropoint/plan/plan.h"

namespace zp {

// How the filters of weight number `input` of this node lie (pairs.h): for Conv, Gemm and MatMul.
Filters filters_of(const onnx::NodeProto& node, std::span<const int64_t> dims);

// The plan's codes where it has some; otherwise round-half-to-even(w / scale) + zero point,
// saturated, and, where the plan says so, held to the pair limit. One code an element, in the order
// of the tensor. Errors name the tensor: scales that do not fit its channels, an axis that it does
// not have, NaN among the weights. Infinities saturate, as in masks.
Result<std::vector<int32_t>> planned_codes(const Tensor& weight, const WeightPlan& plan,
                                           const Filters* filters);

// Codes as a tensor of the type's ONNX form: a byte each, two bytes above 8 bits, packed below.
Result<Tensor> tensor_of(std::span<const int32_t> codes, IntType type, const Shape& shape);

}  // namespace zp
