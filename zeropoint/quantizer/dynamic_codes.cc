#include "zeropoint/quantizer/dynamic_codes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "zeropoint/base/threads.h"
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

// Scales and codes of [channels, K] under which no pair of neighbours can saturate, for the
// smallest error of the weights themselves: nothing is known of what they will multiply.
Result<DynamicWeight> held_rows(const Tensor& weight, const DynamicOptions& options) {
  onnx::NodeProto product;  // that such a weight belongs to
  product.set_op_type("Gemm");
  set_attribute(product, "transB", int64_t{1});
  const Filters filters = filters_of(product, weight.shape().dims());
  InputMoments moments;
  moments.mean.assign(static_cast<size_t>(filters.length), 0);
  moments.variance.assign(static_cast<size_t>(filters.length), 1);
  ScaleOptions search;
  search.pairs = PairSafety::kHeld;
  search.per_channel = options.per_channel;
  WeightPlan plan;
  ZP_ASSIGN_OR_RETURN(plan.scales, choose_weight_scales(product, weight, {}, moments, search));
  if (options.per_channel) plan.axis = 0;
  plan.pair_safe = true;
  ZP_ASSIGN_OR_RETURN(const auto codes, planned_codes(weight, plan, &filters));
  ZP_ASSIGN_OR_RETURN(Tensor tensor, tensor_of(codes, plan.type, weight.shape()));
  return DynamicWeight{std::move(tensor), std::move(plan.scales)};
}

// Channels begin .. begin + count of a matrix as [count, K], and back.
struct Slab {
  int64_t rows = 0;  // of the matrix
  int64_t columns = 0;
  Channels channels = Channels::kLast;
  int64_t begin = 0;
  int64_t count = 0;

  int64_t length() const { return channels == Channels::kFirst ? columns : rows; }
  size_t at(int64_t channel, int64_t k) const {
    const int64_t own = begin + channel;
    return static_cast<size_t>(channels == Channels::kFirst ? own * columns + k
                                                            : k * columns + own);
  }
  // Calls body(place in the matrix, place in the slab), along the matrix's rows.
  template <class Body>
  void for_each(Body body) const {
    const bool first = channels == Channels::kFirst;
    for (int64_t i = 0; i < (first ? count : length()); ++i) {
      for (int64_t j = 0; j < (first ? length() : count); ++j) {
        const int64_t channel = first ? i : j;
        const int64_t k = first ? j : i;
        body(at(channel, k), static_cast<size_t>(channel * length() + k));
      }
    }
  }
};

// A part of the channels at a time: what the search keeps of a weight is many times its size.
Result<DynamicWeight> held(const Tensor& weight, Channels channels, const DynamicOptions& options) {
  constexpr int64_t kChannelsAtOnce = 64;
  Slab whole{weight.shape().dim(0), weight.shape().dim(1), channels};
  whole.count = channels == Channels::kFirst ? whole.rows : whole.columns;
  const int64_t step = options.per_channel ? kChannelsAtOnce : whole.count;
  DynamicWeight result;
  ZP_ASSIGN_OR_RETURN(result.codes, Tensor::zeros(DataType::kInt8, weight.shape()));
  result.scales.resize(options.per_channel ? static_cast<size_t>(whole.count) : 1);
  const auto from = weight.as<float>();
  const auto to = result.codes.as<int8_t>();
  ZP_RETURN_IF_ERROR(parallel_for((whole.count + step - 1) / step, {}, [&](int64_t part) -> Status {
    Slab slab = whole;
    slab.begin = part * step;
    slab.count = std::min(step, whole.count - slab.begin);
    std::vector<float> values(static_cast<size_t>(slab.count * slab.length()));
    slab.for_each([&](size_t place, size_t here) { values[here] = from[place]; });
    ZP_ASSIGN_OR_RETURN(Shape shape, Shape::make({slab.count, slab.length()}));
    ZP_ASSIGN_OR_RETURN(const Tensor rows, Tensor::of<float>(std::move(shape), values));
    ZP_ASSIGN_OR_RETURN(const DynamicWeight own, held_rows(rows, options));
    const auto codes = own.codes.as<int8_t>();
    slab.for_each([&](size_t place, size_t here) { to[place] = codes[here]; });
    std::ranges::copy(own.scales, result.scales.begin() + slab.begin);
    return {};
  }));
  return result;
}

}  // namespace

IntType dynamic_type(int rank, const DynamicOptions& options) {
  return rank == 2 || options.pairs == PairSafety::kNone ? options.weights : IntType::kUint8;
}

Result<DynamicWeight> dynamic_matrix(const Tensor& weight, const std::string& name,
                                     Channels channels, const DynamicOptions& options) {
  const IntType type = dynamic_type(weight.shape().rank(), options);
  if (type == IntType::kInt8 && options.pairs == PairSafety::kHeld) {
    ZP_RETURN_IF_ERROR(check_elements(weight_source(weight, name)));
    return held(weight, channels, options).map_error([&](Error error) {
      return std::move(error).at(name);
    });
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
