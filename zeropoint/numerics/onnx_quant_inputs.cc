#include "zeropoint/numerics/onnx_quant_inputs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace zp {
namespace {

bool is_scalar(const Shape& shape) {
  return shape.rank() == 0 || (shape.rank() == 1 && shape.dim(0) == 1);
}

Status check_scale_shape(const Shape& scale, std::span<const int64_t> expected,
                         std::string_view granularity) {
  if (std::ranges::equal(scale.dims(), expected)) return {};
  return invalid_argument(fmt::format("scale of shape {}: expected [{}] ({})", scale.to_string(),
                                      fmt::join(expected, ", "), granularity));
}

Result<Layout> per_block(const QuantInputsRequest& request) {
  const Shape& data = request.data;
  ZP_ASSIGN_OR_RETURN(const Layout layout,
                      Layout::per_block(data.dims(), request.axis, request.block_size));
  ZP_ASSIGN_OR_RETURN(const int axis, normalize_axis(request.axis, data.rank()));
  std::vector<int64_t> expected(data.dims().begin(), data.dims().end());
  expected[static_cast<size_t>(axis)] = layout.blocks();
  ZP_RETURN_IF_ERROR(check_scale_shape(
      request.scale.shape(), expected,
      fmt::format("blocks of {} along axis {}", request.block_size, request.axis)));
  return layout;
}

Result<Layout> layout_of(const QuantInputsRequest& request) {
  const Shape& scale = request.scale.shape();
  if (request.block_size < 0) {
    return invalid_argument(
        fmt::format("block_size {}: expected 0 (not blocked) or more", request.block_size));
  }
  if (request.block_size > 0) return per_block(request);
  if (is_scalar(scale)) return Layout::per_tensor(request.data.dims());
  if (scale.rank() > 1) {
    return invalid_argument(fmt::format(
        "scale of shape {}: expected a scalar, one dimension, or a block_size", scale.to_string()));
  }
  ZP_ASSIGN_OR_RETURN(const Layout layout, Layout::per_axis(request.data.dims(), request.axis));
  ZP_RETURN_IF_ERROR(check_scale_shape(scale, std::array{layout.axis_size},
                                       fmt::format("along axis {}", request.axis)));
  return layout;
}

Result<std::vector<double>> scales_of(const OnnxTensor& scale) {
  std::vector<double> scales;
  for (int64_t i = 0; i < scale.size(); ++i) {
    const double value = scale.value(i);
    if (!(value > 0) || std::isinf(value)) {
      return invalid_argument(
          fmt::format("scale {} at index {}: expected one that is positive and finite", value, i));
    }
    scales.push_back(value);
  }
  return scales;
}

Status check_zero_point(const QuantInputsRequest& request) {
  const OnnxTensor& zero_point = *request.zero_point;
  if (zero_point.type() != request.quantized) {
    return invalid_argument(fmt::format("zero point of type {}: expected {}, the quantized type",
                                        name(zero_point.type()), name(request.quantized)));
  }
  const Shape& scale = request.scale.shape();
  if (zero_point.shape() != scale && !(is_scalar(zero_point.shape()) && is_scalar(scale))) {
    return invalid_argument(fmt::format("zero point of shape {}: expected {}, the shape of scale",
                                        zero_point.shape().to_string(), scale.to_string()));
  }
  if (is_integer(request.quantized) && request.quantized != ElementType::kInt32) return {};
  for (int64_t i = 0; i < zero_point.size(); ++i) {
    if (zero_point.value(i) != 0) {
      return invalid_argument(fmt::format("zero point {} at index {}: expected 0, as for every {}",
                                          zero_point.value(i), i, name(request.quantized)));
    }
  }
  return {};
}

}  // namespace

Result<QuantInputs> check_quant_inputs(const QuantInputsRequest& request) {
  QuantInputs inputs;
  ZP_ASSIGN_OR_RETURN(inputs.layout, layout_of(request));
  ZP_ASSIGN_OR_RETURN(inputs.scales, scales_of(request.scale));
  inputs.zero_points.resize(inputs.scales.size());
  if (request.zero_point != nullptr) {
    ZP_RETURN_IF_ERROR(check_zero_point(request));
    for (size_t i = 0; i < inputs.zero_points.size(); ++i) {
      inputs.zero_points[i] =
          static_cast<int32_t>(request.zero_point->value(static_cast<int64_t>(i)));
    }
  }
  return inputs;
}

Status check_type(std::string_view what, ElementType type, std::span<const ElementType> allowed) {
  if (std::ranges::find(allowed, type) != allowed.end()) return {};
  std::vector<std::string_view> names;
  for (const ElementType each : allowed) names.push_back(name(each));
  return invalid_argument(
      fmt::format("{} of type {}: expected {}", what, name(type), fmt::join(names, ", ")));
}

std::span<const ElementType> quantized_types() {
  static constexpr std::array kTypes{
      ElementType::kUint8,          ElementType::kInt8,       ElementType::kUint16,
      ElementType::kInt16,          ElementType::kUint4,      ElementType::kInt4,
      ElementType::kUint2,          ElementType::kInt2,       ElementType::kFloat8e4m3fn,
      ElementType::kFloat8e4m3fnuz, ElementType::kFloat8e5m2, ElementType::kFloat8e5m2fnuz,
      ElementType::kFloat4e2m1};
  return kTypes;
}

}  // namespace zp
