#include "zeropoint/quantizer/dynamic_codes.h"

#include <array>
#include <utility>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/plan/planned_codes.h"
#include "zeropoint/quantizer/weight_codes.h"

namespace zp {
namespace {

Result<DynamicWeight> rounded(const Tensor& weight, const std::string& name, IntType type,
                              int64_t axis, const DynamicOptions& options) {
  WeightFormat format;
  format.type = type;
  // 127 steps to each side for both types: 255 of them around the middle code.
  format.narrow = NarrowRange::kYes;
  format.granularity = options.per_channel ? Granularity::kPerAxis : Granularity::kPerTensor;
  format.axis = axis;
  const WeightSource source = weight_source(weight, name);
  ZP_ASSIGN_OR_RETURN(TensorParams params, weight_params(source, format));
  ZP_ASSIGN_OR_RETURN(Tensor codes, weight_codes(source, params));
  return DynamicWeight{std::move(codes), std::move(params.scales)};
}

// Scales and codes under which no pair of neighbours can saturate, for the smallest error of the
// weights themselves: nothing is known of what they will multiply.
Result<DynamicWeight> held(const Tensor& weight, const std::string& name, Channels channels,
                           const DynamicOptions& options) {
  const auto named = [&](Error error) { return std::move(error).at(name); };
  ZP_RETURN_IF_ERROR(check_elements(weight_source(weight, name)));
  const bool first = channels == Channels::kFirst;
  onnx::NodeProto product;  // that such a weight belongs to
  product.set_op_type("Gemm");
  set_attribute(product, "transB", int64_t{first});
  const Filters filters = filters_of(product, weight.shape().dims());
  InputMoments moments;
  moments.mean.assign(static_cast<size_t>(filters.length), 0);
  moments.variance.assign(static_cast<size_t>(filters.length), 1);
  ScaleOptions search;
  search.pairs = PairSafety::kHeld;
  search.per_channel = options.per_channel;
  ZP_ASSIGN_OR_RETURN(std::vector<float> scales,
                      choose_weight_scales(product, weight, {}, moments, search).map_error(named));
  WeightPlan plan;
  plan.tensor = name;
  plan.scales = scales;
  if (options.per_channel) plan.axis = first ? 0 : 1;
  plan.pair_safe = true;
  ZP_ASSIGN_OR_RETURN(const auto codes, planned_codes(weight, plan, &filters));
  ZP_ASSIGN_OR_RETURN(Tensor tensor, tensor_of(codes, plan.type, weight.shape()));
  return DynamicWeight{std::move(tensor), std::move(scales)};
}

}  // namespace

IntType dynamic_type(int rank, const DynamicOptions& options) {
  return rank == 2 || options.pairs == PairSafety::kNone ? options.weights : IntType::kUint8;
}

Result<DynamicWeight> dynamic_matrix(const Tensor& weight, const std::string& name,
                                     Channels channels, const DynamicOptions& options) {
  const IntType type = dynamic_type(weight.shape().rank(), options);
  if (type == IntType::kInt8 && options.pairs == PairSafety::kHeld) {
    return held(weight, name, channels, options);
  }
  return rounded(weight, name, type, channels == Channels::kFirst ? 0 : -1, options);
}

Result<DynamicWeight> dynamic_filters(const Tensor& weight, const std::string& name,
                                      const DynamicOptions& options) {
  return rounded(weight, name, IntType::kUint8, 0, options);
}

Result<Tensor> swap_last_axes(const Tensor& codes) {
  std::vector<int64_t> dims(codes.shape().dims().begin(), codes.shape().dims().end());
  const size_t rank = dims.size();
  const auto rows = static_cast<size_t>(dims[rank - 2]);
  const auto columns = static_cast<size_t>(dims[rank - 1]);
  const auto from = codes.bytes();
  std::vector<std::byte> to(from.size());
  for (size_t begin = 0; begin < from.size(); begin += rows * columns) {
    for (size_t r = 0; r < rows; ++r) {
      for (size_t c = 0; c < columns; ++c) {
        to[begin + c * rows + r] = from[begin + r * columns + c];
      }
    }
  }
  std::swap(dims[rank - 2], dims[rank - 1]);
  ZP_ASSIGN_OR_RETURN(Shape shape, Shape::make(std::move(dims)));
  return Tensor::make(codes.type(), std::move(shape), std::move(to));
}

}  // namespace zp
