#include "zeropoint/plan/planned_codes.h"

#include <fmt/format.h>
#include <cmath>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/numerics/element_type.h"
#include "zeropoint/numerics/onnx_tensor.h"
#include "zeropoint/numerics/tensor_params.h"

namespace zp {
namespace {

Result<TensorParams> params_of(const Tensor& weight, const WeightPlan& plan) {
  const auto dims = weight.shape().dims();
  TensorParams params;
  if (plan.axis) {
    ZP_ASSIGN_OR_RETURN(params.layout, Layout::per_axis(dims, *plan.axis));
  } else {
    ZP_ASSIGN_OR_RETURN(params.layout, Layout::per_tensor(dims));
  }
  const auto count = static_cast<size_t>(params.layout.params_count());
  if (plan.scales.size() != count ||
      (!plan.zero_points.empty() && plan.zero_points.size() != count)) {
    return invalid_data(fmt::format(
        "the plan has {} scales and {} zero points; expected {} for "
        "shape {}",
        plan.scales.size(), plan.zero_points.size(), count, weight.shape().to_string()));
  }
  params.type = plan.type;
  params.narrow = plan.narrow;
  params.scales = plan.scales;
  params.zero_points = plan.zero_points;
  params.zero_points.resize(count);
  return params;
}

Result<std::vector<int32_t>> codes_of(const Tensor& weight, const WeightPlan& plan,
                                      const Filters* filters) {
  ZP_ASSIGN_OR_RETURN(const auto floats, to_floats(weight));
  for (size_t i = 0; i < floats.size(); ++i) {
    if (std::isnan(floats[i])) {
      return invalid_data(fmt::format("element {} is NaN", i));
    }
  }
  ZP_ASSIGN_OR_RETURN(const TensorParams params, params_of(weight, plan));
  if (!plan.codes.empty()) {
    const CodeRange range = plan.type.codes(plan.narrow);
    if (plan.codes.size() != floats.size()) {
      return invalid_data(
          fmt::format("the plan has {} codes for {} elements", plan.codes.size(), floats.size()));
    }
    for (const int32_t code : plan.codes) {
      if (code < range.qmin || code > range.qmax) {
        return invalid_data(
            fmt::format("code {} of the plan is outside [{}, {}]", code, range.qmin, range.qmax));
      }
    }
    return plan.codes;
  }
  std::vector<int32_t> codes(floats.size());
  ZP_RETURN_IF_ERROR(quantize(floats, codes, params));
  if (!plan.pair_safe || !filters) return codes;
  std::vector<int32_t> filter(static_cast<size_t>(filters->length));
  for (int64_t o = 0; o < filters->count; ++o) {
    const auto offsets = std::span(filters->offsets)
                             .subspan(static_cast<size_t>(o * filters->length), filter.size());
    for (size_t k = 0; k < filter.size(); ++k) filter[k] = codes[static_cast<size_t>(offsets[k])];
    hold_to_pair_limit(filter, filters->pairs);
    for (size_t k = 0; k < filter.size(); ++k) codes[static_cast<size_t>(offsets[k])] = filter[k];
  }
  return codes;
}

}  // namespace

Filters filters_of(const onnx::NodeProto& node, std::span<const int64_t> dims) {
  if (is_op(node, "Conv")) return conv_filters(dims, int_attribute(node, "group", 1));
  if (is_op(node, "ConvTranspose")) return conv_transpose_filters(dims);
  const bool swapped = is_op(node, "Gemm") && int_attribute(node, "transB", 0) != 0;
  return matmul_filters(dims, swapped ? Transposed::kYes : Transposed::kNo);
}

Result<std::vector<int32_t>> planned_codes(const Tensor& weight, const WeightPlan& plan,
                                           const Filters* filters) {
  auto codes = codes_of(weight, plan, filters);
  if (!codes) {
    return tl::unexpected<Error>(
        std::move(codes).error().at(fmt::format("weight \"{}\"", plan.tensor)));
  }
  return codes;
}

Result<Tensor> tensor_of(std::span<const int32_t> codes, IntType type, const Shape& shape) {
  ElementType element = ElementType::kInt32;
  for (const auto& row : kElementTypes) {
    if (int_type(row.type) == type) element = row.type;
  }
  ZP_ASSIGN_OR_RETURN(const OnnxTensor packed, tensor_of_codes(element, shape, codes));
  return Tensor::make(static_cast<DataType>(element), shape,
                      {packed.bytes().begin(), packed.bytes().end()});
}

}  // namespace zp
