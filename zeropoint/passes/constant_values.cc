#include "zeropoint/passes/constant_values.h"

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/tensor_proto.h"

namespace zp {
namespace {

std::optional<Tensor> small_constant(const GraphIndex& index, const onnx::NodeProto& node,
                                     int input) {
  if (!has_input(node, input)) return std::nullopt;
  const auto* tensor = index.constant(node.input(input));
  if (!tensor) return std::nullopt;
  auto value = tensor_in_message(*tensor);
  if (!value) return std::nullopt;
  return *std::move(value);
}

}  // namespace

bool has_input(const onnx::NodeProto& node, int input) {
  return input < node.input_size() && !node.input(input).empty();
}

std::optional<std::vector<int64_t>> constant_ints(const GraphIndex& index,
                                                  const onnx::NodeProto& node, int input) {
  const auto value = small_constant(index, node, input);
  if (!value) return std::nullopt;
  if (value->type() == DataType::kInt64) {
    const auto elements = value->as<int64_t>();
    return std::vector<int64_t>(elements.begin(), elements.end());
  }
  if (value->type() == DataType::kInt32) {
    const auto elements = value->as<int32_t>();
    return std::vector<int64_t>(elements.begin(), elements.end());
  }
  return std::nullopt;
}

std::optional<double> constant_scalar(const GraphIndex& index, const onnx::NodeProto& node,
                                      int input) {
  const auto value = small_constant(index, node, input);
  if (!value || value->size() != 1) return std::nullopt;
  if (value->type() == DataType::kDouble) return value->as<double>()[0];
  const auto floats = to_floats(*value);
  if (!floats) return std::nullopt;
  return floats->front();
}

std::optional<std::vector<int64_t>> ints_of(const GraphIndex& index, const onnx::NodeProto& node,
                                            const char* name, int input) {
  if (auto attribute = ints_attribute(node, name)) return attribute;
  if (!has_input(node, input)) return std::vector<int64_t>();
  return constant_ints(index, node, input);
}

}  // namespace zp
