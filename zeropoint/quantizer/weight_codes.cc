#include "zeropoint/quantizer/weight_codes.h"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "zeropoint/kernels/min_max.h"
#include "zeropoint/kernels/pack4.h"
#include "zeropoint/kernels/quantize.h"
#include "zeropoint/kernels/slices.h"
#include "zeropoint/numerics/element_type.h"
#include "zeropoint/numerics/small_float.h"

namespace zp {
namespace {

template <class Code>
Status quantize_chunk(std::span<const float> values, const WeightChunk& chunk,
                      const TensorParams& params, std::span<Code> codes) {
  const auto begin = static_cast<ptrdiff_t>(chunk.params_begin);
  const auto end = static_cast<ptrdiff_t>(chunk.params_begin + chunk.layout.params_count());
  const TensorParams own{chunk.layout,
                         params.type,
                         params.narrow,
                         {params.scales.begin() + begin, params.scales.begin() + end},
                         {params.zero_points.begin() + begin, params.zero_points.begin() + end}};
  return kernels::quantize<Code>(values, codes, own);
}

// Packs codes that begin at element `offset` of a tensor, two elements a byte.
template <class Code>
Status pack_at(std::span<const Code> codes, int64_t offset, std::span<uint8_t> packed) {
  if (codes.empty()) return {};
  auto at = static_cast<size_t>(offset) / 2;
  if (offset % 2 == 1) {  // its lower half holds the element before
    packed[at] = static_cast<uint8_t>(packed[at] | (static_cast<uint8_t>(codes[0]) << 4));
    codes = codes.subspan(1);
    ++at;
  }
  return kernels::pack4(codes, packed.subspan(at, (codes.size() + 1) / 2));
}

template <class Code>
Status fill_codes(const WeightSource& weight, const TensorParams& params, Tensor& to) {
  return for_each_chunk(
      weight, params.layout, [&](const WeightChunk& chunk, std::span<const float> values) {
        const auto begin = static_cast<size_t>(chunk.offset);
        return quantize_chunk(values, chunk, params, to.as<Code>().subspan(begin, values.size()));
      });
}

template <class Code>
Status fill_packed_codes(const WeightSource& weight, const TensorParams& params, Tensor& to) {
  std::vector<Code> codes;
  return for_each_chunk(weight, params.layout,
                        [&](const WeightChunk& chunk, std::span<const float> values) -> Status {
                          codes.resize(values.size());
                          ZP_RETURN_IF_ERROR(quantize_chunk<Code>(values, chunk, params, codes));
                          return pack_at<Code>(codes, chunk.offset, to.as<uint8_t>());
                        });
}

std::optional<SmallFloat> small_float_of(DataType type) {
  if (type == DataType::kFloat16) return kFloat16;
  if (type == DataType::kBfloat16) return kBfloat16;
  return std::nullopt;
}

// Adds the parameters of slices with these extremes.
Status append_params(std::span<const kernels::MinMax> slices, const WeightFormat& format,
                     DataType weight_type, TensorParams& params) {
  const ParamOptions options{.scheme = format.scheme, .narrow = format.narrow};
  const auto small = small_float_of(weight_type);
  for (const auto& slice : slices) {
    const Range range = slice.count > 0 ? Range{slice.min, slice.max} : Range{};
    ZP_ASSIGN_OR_RETURN(QuantParams chosen, choose_params(range, format.type, options));
    if (small) {
      const auto code = encode(*small, chosen.scale, Overflow::kSaturate, Rounding::kUp);
      ZP_ASSIGN_OR_RETURN(chosen,
                          params_with_scale(range, format.type, decode(*small, code), options));
    }
    params.scales.push_back(chosen.scale);
    params.zero_points.push_back(chosen.zero_point);
  }
  return {};
}

}  // namespace

Result<Layout> weight_layout(const Shape& shape, const WeightFormat& format) {
  switch (format.granularity) {
    case Granularity::kPerAxis:
      return Layout::per_axis(shape.dims(), format.axis);
    case Granularity::kPerBlock:
      return Layout::per_block(shape.dims(), format.axis, format.block_size);
    default:
      return Layout::per_tensor(shape.dims());
  }
}

Shape weight_params_shape(const Shape& shape, const WeightFormat& format) {
  if (format.granularity == Granularity::kPerTensor) return {};
  std::vector<int64_t> dims(shape.dims().begin(), shape.dims().end());
  auto& axis =
      dims[static_cast<size_t>(format.axis < 0 ? format.axis + shape.rank() : format.axis)];
  if (format.granularity == Granularity::kPerAxis) return Shape::make({axis}).value();
  axis /= format.block_size;
  return Shape::make(std::move(dims)).value();
}

DataType weight_scale_type(DataType weight) {
  return weight == DataType::kDouble ? DataType::kFloat : weight;
}

Result<TensorParams> weight_params(const WeightSource& weight, const WeightFormat& format) {
  const auto named = [&](Error error) { return std::move(error).at(weight.name); };
  ZP_ASSIGN_OR_RETURN(const Layout layout, weight_layout(weight.shape, format).map_error(named));
  TensorParams params{layout, format.type, format.narrow, {}, {}};
  if (layout.granularity == Granularity::kPerBlock) {
    // A chunk holds whole blocks. Keeping extremes of all of them would take more memory than the
    // codes do.
    ZP_RETURN_IF_ERROR(for_each_chunk(
        weight, layout, [&](const WeightChunk& chunk, std::span<const float> values) -> Status {
          ZP_ASSIGN_OR_RETURN(const auto extremes, kernels::min_max(values, chunk.layout));
          return append_params(extremes, format, weight.type, params).map_error(named);
        }));
    return params;
  }
  std::vector<kernels::MinMax> extremes(static_cast<size_t>(layout.params_count()));
  ZP_RETURN_IF_ERROR(for_each_chunk(
      weight, layout, [&](const WeightChunk& chunk, std::span<const float> values) -> Status {
        ZP_ASSIGN_OR_RETURN(const auto parts, kernels::min_max(values, chunk.layout));
        for (size_t i = 0; i < parts.size(); ++i) {
          extremes[static_cast<size_t>(chunk.params_begin) + i].merge(parts[i]);
        }
        return {};
      }));
  ZP_RETURN_IF_ERROR(append_params(extremes, format, weight.type, params).map_error(named));
  return params;
}

Result<Tensor> weight_codes(const WeightSource& weight, const TensorParams& params) {
  const auto named = [&](Error error) { return std::move(error).at(weight.name); };
  ZP_RETURN_IF_ERROR(check(params).map_error(named));
  if (params.layout.element_count() != weight.shape.element_count()) {
    return invalid_argument(fmt::format("{}: {} elements of shape {}, parameters for {}",
                                        weight.name, weight.shape.element_count(),
                                        weight.shape.to_string(), params.layout.element_count()));
  }
  ZP_ASSIGN_OR_RETURN(const DataType type, code_data_type(params.type));
  ZP_ASSIGN_OR_RETURN(Tensor codes, Tensor::zeros(type, weight.shape));
  const auto fill = [&] {
    switch (type) {
      case DataType::kInt4:
        return fill_packed_codes<int8_t>(weight, params, codes);
      case DataType::kUint4:
        return fill_packed_codes<uint8_t>(weight, params, codes);
      case DataType::kInt8:
        return fill_codes<int8_t>(weight, params, codes);
      case DataType::kInt16:
        return fill_codes<int16_t>(weight, params, codes);
      case DataType::kUint16:
        return fill_codes<uint16_t>(weight, params, codes);
      default:
        return fill_codes<uint8_t>(weight, params, codes);
    }
  };
  ZP_RETURN_IF_ERROR(fill());
  return codes;
}

Result<Tensor> scales_tensor(const TensorParams& params, const Shape& shape, DataType type) {
  if (const auto small = small_float_of(type)) {
    std::vector<uint16_t> bits;
    for (const float scale : params.scales) {
      bits.push_back(static_cast<uint16_t>(encode(*small, scale, Overflow::kSaturate)));
    }
    const auto bytes = std::as_bytes(std::span(bits));
    return Tensor::make(type, shape, {bytes.begin(), bytes.end()});
  }
  if (type == DataType::kFloat) return Tensor::of<float>(shape, params.scales);
  return invalid_argument(
      fmt::format("scales of type {}; expected float, float16 or bfloat16", name(type)));
}

Result<Tensor> zero_points_tensor(const TensorParams& params, const Shape& shape) {
  ZP_ASSIGN_OR_RETURN(const DataType type, code_data_type(params.type));
  ZP_ASSIGN_OR_RETURN(Tensor tensor, Tensor::zeros(type, shape));
  if (params.zero_points.size() != static_cast<size_t>(shape.element_count())) {
    return invalid_argument(fmt::format("{} zero points for a tensor of shape {}",
                                        params.zero_points.size(), shape.to_string()));
  }
  const auto width = static_cast<size_t>(bits(type));
  for (size_t i = 0; i < params.zero_points.size(); ++i) {
    const auto code = static_cast<uint32_t>(params.zero_points[i]);
    const size_t bit = i * width;
    for (size_t b = 0; b < std::max<size_t>(width / 8, 1); ++b) {
      auto& byte = tensor.bytes()[bit / 8 + b];
      const uint32_t mask = width < 8 ? (1U << width) - 1 : 0xffU;
      byte |= static_cast<std::byte>(((code >> (8 * b)) & mask) << (bit % 8));
    }
  }
  return tensor;
}

Result<DataType> code_data_type(IntType type) {
  for (const DataType candidate : {DataType::kInt8, DataType::kUint8, DataType::kInt4,
                                   DataType::kUint4, DataType::kInt16, DataType::kUint16}) {
    if (name(candidate) == type.name()) return candidate;
  }
  return fail(ErrorCode::kUnsupported,
              fmt::format("codes of type {}: weights may be 4, 8 or 16 bits wide", type.name()));
}

Result<QuantizedWeight> quantize_weight(const WeightSource& weight, const WeightFormat& format) {
  ZP_ASSIGN_OR_RETURN(const TensorParams params, weight_params(weight, format));
  const Shape shape = weight_params_shape(weight.shape, format);
  ZP_ASSIGN_OR_RETURN(Tensor codes, weight_codes(weight, params));
  ZP_ASSIGN_OR_RETURN(Tensor scales, scales_tensor(params, shape, weight_scale_type(weight.type)));
  ZP_ASSIGN_OR_RETURN(Tensor zero_points, zero_points_tensor(params, shape));
  return QuantizedWeight{std::move(codes), std::move(scales), std::move(zero_points)};
}

Result<Tensor> transposed_matrix(const Tensor& matrix) {
  if (matrix.shape().rank() != 2) {
    return invalid_argument("expected a matrix, got shape " + matrix.shape().to_string());
  }
  const auto rows = static_cast<size_t>(matrix.shape().dim(0));
  const auto columns = static_cast<size_t>(matrix.shape().dim(1));
  ZP_ASSIGN_OR_RETURN(Shape shape, Shape::make({matrix.shape().dim(1), matrix.shape().dim(0)}));
  ZP_ASSIGN_OR_RETURN(Tensor result, Tensor::zeros(matrix.type(), std::move(shape)));
  const auto from = matrix.bytes();
  const auto to = result.bytes();
  const auto for_each = [&](auto body) {
    for (size_t r = 0; r < rows; ++r) {
      for (size_t c = 0; c < columns; ++c) body(r * columns + c, c * rows + r);
    }
  };
  if (bits(matrix.type()) == 4) {
    for_each([&](size_t a, size_t b) {
      to[b / 2] |= ((from[a / 2] >> (a % 2 * 4)) & std::byte{0xf}) << (b % 2 * 4);
    });
  } else {
    const auto width = static_cast<size_t>(bits(matrix.type())) / 8;
    for_each([&](size_t a, size_t b) {
      std::memcpy(to.data() + b * width, from.data() + a * width, width);
    });
  }
  return result;
}

}  // namespace zp
