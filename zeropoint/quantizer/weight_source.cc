#include "zeropoint/quantizer/weight_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "zeropoint/graph/tensor_proto.h"
#include "zeropoint/kernels/min_max.h"
#include "zeropoint/numerics/small_float.h"

namespace zp {
namespace {

constexpr int64_t kChunk = int64_t{1} << 20;

// The chunk that begins at element `offset`: as many whole outer slices as fit, or else a part of
// one, along the axis where that is possible.
WeightChunk chunk_at(const Layout& whole, int64_t offset) {
  const int64_t left = whole.element_count() - offset;
  if (whole.granularity == Granularity::kPerTensor) {
    return {offset, {Granularity::kPerTensor, 1, std::min(left, kChunk), 1, 0}, 0};
  }
  const int64_t slice = whole.axis_size * whole.inner;
  if (slice <= kChunk) {
    Layout part = whole;
    part.outer = std::min(kChunk, left) / slice;
    return {offset, part, whole.params_index(offset / slice, 0, 0)};
  }
  const int64_t o = offset / slice;
  const int64_t a = offset % slice / whole.inner;
  const int64_t n = offset % whole.inner;
  const int64_t left_in_slice = slice - offset % slice;
  if (whole.granularity == Granularity::kPerBlock) {
    const int64_t block = whole.block_size * whole.inner;
    const int64_t blocks = std::max<int64_t>(1, std::min(kChunk, left_in_slice) / block);
    return {offset,
            {Granularity::kPerBlock, 1, blocks * whole.block_size, whole.inner, whole.block_size},
            whole.params_index(o, a, 0)};
  }
  if (whole.inner <= kChunk) {
    const int64_t rows = std::min(kChunk, left_in_slice) / whole.inner;
    return {offset, {Granularity::kPerAxis, 1, rows, whole.inner, 0}, a};
  }
  return {offset, {Granularity::kPerAxis, 1, 1, std::min(kChunk, whole.inner - n), 0}, a};
}

// Bytes of a float type to float32.
class Converter {
 public:
  static Result<Converter> make(DataType type) {
    Converter converter;
    converter.type_ = type;
    switch (type) {
      case DataType::kFloat:
      case DataType::kDouble:
        return converter;
      case DataType::kFloat16:
      case DataType::kBfloat16: {
        const auto& format = type == DataType::kFloat16 ? kFloat16 : kBfloat16;
        converter.values_.resize(size_t{1} << 16);
        for (uint32_t code = 0; code < converter.values_.size(); ++code) {
          converter.values_[code] = decode(format, code);
        }
        return converter;
      }
      default:
        return invalid_argument(fmt::format(
            "a weight of type {}; expected float, double, float16 or bfloat16", name(type)));
    }
  }

  size_t width() const { return static_cast<size_t>(bits(type_)) / 8; }

  void operator()(std::span<const std::byte> bytes, std::span<float> to) const {
    if (type_ == DataType::kFloat) {
      std::memcpy(to.data(), bytes.data(), bytes.size());
      return;
    }
    for (size_t i = 0; i < to.size(); ++i) {
      if (type_ == DataType::kDouble) {
        double value = 0;
        std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
        to[i] = static_cast<float>(value);
      } else {
        uint16_t code = 0;
        std::memcpy(&code, bytes.data() + i * sizeof code, sizeof code);
        to[i] = values_[code];
      }
    }
  }

 private:
  DataType type_ = DataType::kFloat;
  std::vector<float> values_;  // of every code, for 16 bits
};

Status check_finite(const WeightSource& weight, int64_t offset, std::span<const float> values) {
  const auto seen = kernels::min_max(values);
  if (seen.finite() == seen.count) return {};
  const auto bad = std::ranges::find_if(values, [](float x) { return !std::isfinite(x); });
  int64_t rest = offset + (bad - values.begin());
  std::vector<int64_t> indices(weight.shape.dims().size());
  for (size_t d = indices.size(); d-- > 0;) {
    const int64_t dim = weight.shape.dim(static_cast<int>(d));
    indices[d] = rest % dim;
    rest /= dim;
  }
  return invalid_data(fmt::format("{}: element [{}] is {}; weights must be finite as float32",
                                  weight.name, fmt::join(indices, ", "),
                                  std::isnan(*bad) ? "NaN" : "infinite"));
}

}  // namespace

WeightSource weight_source(const Tensor& tensor, std::string name) {
  return {std::move(name), tensor.type(), tensor.shape(),
          [&tensor](const WeightSource::Take& take) { return take(tensor.bytes()); }};
}

Result<WeightSource> weight_source(const Model& model, const onnx::TensorProto& tensor) {
  ZP_ASSIGN_OR_RETURN(Shape shape, shape_of(tensor));
  return WeightSource{
      describe(tensor), static_cast<DataType>(tensor.data_type()), std::move(shape),
      [&model, &tensor](const WeightSource::Take& take) { return model.read_data(tensor, take); }};
}

Status for_each_chunk(
    const WeightSource& weight, const Layout& layout,
    const std::function<Status(const WeightChunk&, std::span<const float>)>& body) {
  const auto named = [&](Error error) { return std::move(error).at(weight.name); };
  ZP_ASSIGN_OR_RETURN(const Converter convert, Converter::make(weight.type).map_error(named));
  const int64_t total = layout.element_count();
  if (total == 0) return {};
  WeightChunk chunk = chunk_at(layout, 0);
  std::vector<std::byte> bytes;
  std::vector<float> values;
  const auto finish_chunk = [&]() -> Status {
    values.resize(static_cast<size_t>(chunk.layout.element_count()));
    convert(bytes, values);
    bytes.clear();
    ZP_RETURN_IF_ERROR(check_finite(weight, chunk.offset, values));
    ZP_RETURN_IF_ERROR(body(chunk, values));
    const int64_t next = chunk.offset + chunk.layout.element_count();
    if (next < total) chunk = chunk_at(layout, next);
    return {};
  };
  return weight.read([&](std::span<const std::byte> piece) -> Status {
    while (!piece.empty()) {
      const auto wanted = static_cast<size_t>(chunk.layout.element_count()) * convert.width();
      const auto taken = piece.first(std::min(piece.size(), wanted - bytes.size()));
      bytes.insert(bytes.end(), taken.begin(), taken.end());
      piece = piece.subspan(taken.size());
      if (bytes.size() == wanted) ZP_RETURN_IF_ERROR(finish_chunk());
    }
    return {};
  });
}

Status check_elements(const WeightSource& weight) {
  const Layout whole{Granularity::kPerTensor, 1, weight.shape.element_count(), 1, 0};
  return for_each_chunk(weight, whole, [](const auto&, auto) { return Status(); });
}

}  // namespace zp
