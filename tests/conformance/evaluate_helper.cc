#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "tests/conformance/evaluate.h"

namespace zp::conformance {
namespace {

using Outputs = Result<std::vector<OnnxTensor>>;

Result<std::vector<float>> floats(const Inputs& inputs, size_t index) {
  if (index >= inputs.size() || inputs[index] == nullptr) {
    return invalid_data(fmt::format("input {} is missing", index));
  }
  const OnnxTensor& tensor = *inputs[index];
  if (tensor.type() != ElementType::kFloat) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("input {} of type {}: expected float", index, name(tensor.type())));
  }
  std::vector<float> values;
  for (int64_t i = 0; i < tensor.size(); ++i) values.push_back(static_cast<float>(tensor.value(i)));
  return values;
}

Outputs one(Result<OnnxTensor> output) {
  ZP_RETURN_IF_ERROR(output);
  return std::vector<OnnxTensor>{*std::move(output)};
}

// f(a, b), where the shapes are equal or b is a scalar.
template <class F>
Outputs pairwise(const Inputs& inputs, F f) {
  ZP_ASSIGN_OR_RETURN(std::vector<float> a, floats(inputs, 0));
  ZP_ASSIGN_OR_RETURN(const std::vector<float> b, floats(inputs, 1));
  const bool scalar = inputs[1]->shape().rank() == 0;
  if (!scalar && inputs[0]->shape() != inputs[1]->shape()) {
    return fail(ErrorCode::kUnsupported, "shapes that differ, neither that of a scalar");
  }
  for (size_t i = 0; i < a.size(); ++i) a[i] = f(a[i], scalar ? b[0] : b[i]);
  return one(tensor_of_floats(inputs[0]->shape(), a));
}

// The whole tensor folded into a scalar by f.
template <class F>
Outputs reduce(const Node& node, const Inputs& inputs, F f) {
  ZP_ASSIGN_OR_RETURN(const std::vector<float> values, floats(inputs, 0));
  const bool to_scalar = node.attributes.size() == 1 && node.attributes[0].name == "keepdims" &&
                         node.attributes[0].i == 0 && inputs.size() == 1;
  if (!to_scalar || values.empty()) {
    return fail(ErrorCode::kUnsupported, "expected keepdims 0, no axes and an element");
  }
  float result = values[0];
  for (const float value : values) result = f(result, value);
  return one(tensor_of_floats(Shape(), std::span(&result, 1)));
}

float smaller(float a, float b) { return std::min(a, b); }
float larger(float a, float b) { return std::max(a, b); }

Outputs clip(const Inputs& inputs) {
  ZP_ASSIGN_OR_RETURN(std::vector<float> x, floats(inputs, 0));
  ZP_ASSIGN_OR_RETURN(const std::vector<float> low, floats(inputs, 1));
  ZP_ASSIGN_OR_RETURN(const std::vector<float> high, floats(inputs, 2));
  if (low.size() != 1 || high.size() != 1) {
    return fail(ErrorCode::kUnsupported, "bounds that are not scalars");
  }
  for (float& value : x) value = larger(low[0], smaller(high[0], value));
  return one(tensor_of_floats(inputs[0]->shape(), x));
}

}  // namespace

Outputs evaluate_helper(const Node& node, const Inputs& inputs) {
  const std::string& op = node.op_type;
  if (op == "Constant" && node.attributes.size() == 1 && node.attributes[0].t) {
    return std::vector<OnnxTensor>{*node.attributes[0].t};
  }
  if (op == "Identity" && inputs.size() == 1 && inputs[0] != nullptr) {
    return std::vector<OnnxTensor>{*inputs[0]};
  }
  if (op == "ReduceMin") return reduce(node, inputs, smaller);
  if (op == "ReduceMax") return reduce(node, inputs, larger);
  if (op == "Min") return pairwise(inputs, smaller);
  if (op == "Max") return pairwise(inputs, larger);
  if (op == "Sub") return pairwise(inputs, std::minus<>());
  if (op == "Div") return pairwise(inputs, std::divides<>());
  if (op == "Clip") return clip(inputs);
  if (op == "Round") {
    ZP_ASSIGN_OR_RETURN(std::vector<float> x, floats(inputs, 0));
    for (float& value : x) value = std::nearbyint(value);
    return one(tensor_of_floats(inputs[0]->shape(), x));
  }
  return fail(ErrorCode::kUnsupported, "an operator that is not offered");
}

}  // namespace zp::conformance
