#include "zeropoint/passes/channel_values.h"

#include <algorithm>
#include <cmath>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/tensor_proto.h"

namespace zp {
namespace {

bool finite(const std::vector<double>& values) {
  return std::ranges::all_of(values, [](double value) { return std::isfinite(value); });
}

Result<std::optional<ChannelAffine>> match_batch_normalization(const Model& model,
                                                               const GraphIndex& index,
                                                               const onnx::NodeProto& node,
                                                               ChannelAxis axis, int64_t channels) {
  // Its channels are axis 1.
  if (!axis.rank || *axis.rank - 1 - axis.from_end != 1) return std::nullopt;
  std::vector<std::vector<double>> parameters;
  for (int i = 1; i < 5; ++i) {
    const auto* tensor = index.constant(node.input(i));
    if (!tensor || tensor->dims_size() != 1 || tensor->dims(0) != channels) return std::nullopt;
    ZP_ASSIGN_OR_RETURN(auto values, channel_values(model, *tensor, {0, 1}, channels));
    if (!values) return std::nullopt;
    parameters.push_back(*std::move(values));
  }
  const double epsilon = float_attribute(node, "epsilon", 1e-5F);
  ChannelAffine affine;
  for (size_t c = 0; c < parameters[0].size(); ++c) {
    const double scale = parameters[0][c] / std::sqrt(parameters[3][c] + epsilon);
    affine.scale.push_back(scale);
    affine.shift.push_back(parameters[1][c] - parameters[2][c] * scale);
  }
  return affine;
}

}  // namespace

Result<std::optional<std::vector<double>>> channel_values(const Model& model,
                                                          const onnx::TensorProto& tensor,
                                                          ChannelAxis axis, int64_t channels) {
  if (tensor.data_type() != onnx::TensorProto::FLOAT) return std::nullopt;
  // Where the value's rank is not known, it has at least the axis that was named.
  if (tensor.dims_size() > axis.rank.value_or(axis.from_end + 1)) return std::nullopt;
  for (int i = 0; i < tensor.dims_size(); ++i) {
    const bool is_axis = tensor.dims_size() - 1 - i == axis.from_end;
    if (tensor.dims(i) != 1 && !(is_axis && tensor.dims(i) == channels)) return std::nullopt;
  }
  ZP_ASSIGN_OR_RETURN(const Tensor value, model.read(tensor));
  const auto elements = value.as<float>();
  std::vector<double> values(elements.begin(), elements.end());
  if (values.size() == 1) values.assign(static_cast<size_t>(channels), values[0]);
  return values;
}

bool is_inference_batch_normalization(const GraphIndex& index, const onnx::NodeProto& node) {
  if (!is_op(node, "BatchNormalization") || node.input_size() != 5) return false;
  if (int_attribute(node, "training_mode", 0) != 0 || int_attribute(node, "spatial", 1) != 1) {
    return false;
  }
  for (int i = 1; i < node.output_size(); ++i) {
    if (!index.uses(node.output(i)).empty() || index.is_graph_output(node.output(i))) return false;
  }
  return true;
}

std::string affine_input(const GraphIndex& index, const onnx::NodeProto& node) {
  if (is_inference_batch_normalization(index, node)) return node.input(0);
  const bool either = is_op(node, "Add") || is_op(node, "Mul") || is_op(node, "Sub");
  if ((!either && !is_op(node, "Div")) || node.input_size() != 2) return {};
  if (index.constant(node.input(1)) && !index.constant(node.input(0))) return node.input(0);
  if (either && index.constant(node.input(0)) && !index.constant(node.input(1))) {
    return node.input(1);
  }
  return {};
}

Result<std::optional<ChannelAffine>> match_affine(const Model& model, const GraphIndex& index,
                                                  const onnx::NodeProto& node, ChannelAxis axis,
                                                  int64_t channels) {
  const std::string input = affine_input(index, node);
  if (input.empty()) return std::nullopt;
  std::optional<ChannelAffine> affine;
  if (is_op(node, "BatchNormalization")) {
    ZP_ASSIGN_OR_RETURN(affine, match_batch_normalization(model, index, node, axis, channels));
  } else {
    const bool input_first = node.input(0) == input;
    const auto* tensor = index.constant(node.input(input_first ? 1 : 0));
    ZP_ASSIGN_OR_RETURN(auto values, channel_values(model, *tensor, axis, channels));
    if (!values) return std::nullopt;
    affine.emplace();
    affine->scale.assign(values->size(), 1);
    affine->shift.assign(values->size(), 0);
    if (is_op(node, "Add")) {
      affine->shift = *values;
    } else if (is_op(node, "Mul")) {
      affine->scale = *values;
    } else if (is_op(node, "Div")) {
      std::ranges::transform(*values, affine->scale.begin(), [](double v) { return 1 / v; });
    } else if (input_first) {  // x - constant
      std::ranges::transform(*values, affine->shift.begin(), [](double v) { return -v; });
    } else {  // constant - x
      affine->shift = *values;
      affine->scale.assign(values->size(), -1);
    }
  }
  if (affine && !(finite(affine->scale) && finite(affine->shift))) return std::nullopt;
  return affine;
}

}  // namespace zp
