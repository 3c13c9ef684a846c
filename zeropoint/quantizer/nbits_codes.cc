#include "zeropoint/quantizer/nbits_codes.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace zp {
namespace {

// The source with `padding` zero bytes behind each of its rows.
WeightSource padded(const WeightSource& source, size_t row_bytes, size_t padding, Shape shape) {
  return {source.name, source.type, std::move(shape),
          [&source, row_bytes, padding](const WeightSource::Take& take) {
            const std::vector<std::byte> zeros(padding);
            size_t left = row_bytes;
            return source.read([&](std::span<const std::byte> piece) -> Status {
              while (!piece.empty()) {
                const auto part = piece.first(std::min(left, piece.size()));
                ZP_RETURN_IF_ERROR(take(part));
                piece = piece.subspan(part.size());
                left -= part.size();
                if (left > 0) continue;
                if (padding > 0) ZP_RETURN_IF_ERROR(take(zeros));
                left = row_bytes;
              }
              return {};
            });
          }};
}

template <class T>
std::vector<T> transposed(const std::vector<T>& values, size_t rows, size_t columns) {
  std::vector<T> result(values.size());
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) result[c * rows + r] = values[r * columns + c];
  }
  return result;
}

// Codes one in 32 bits, [rows, columns], with each row beginning with a new byte.
std::vector<std::byte> packed_rows(std::span<const int32_t> codes, size_t columns, int bits) {
  const auto per_byte = static_cast<size_t>(8 / bits);
  const size_t width = (columns + per_byte - 1) / per_byte;
  std::vector<std::byte> result(codes.size() / columns * width);
  for (size_t i = 0; i < codes.size(); ++i) {
    const size_t column = i % columns;
    result[i / columns * width + column / per_byte] |=
        static_cast<std::byte>(codes[i]) << (column % per_byte * static_cast<size_t>(bits));
  }
  return result;
}

}  // namespace

Result<NBitsWeight> quantize_nbits(const WeightSource& weight, const WeightFormat& format) {
  if (weight.shape.rank() != 2) return invalid_argument(weight.name + ": expected a matrix");
  const bool in_rows = format.axis == 1;
  const int64_t k = weight.shape.dim(in_rows ? 1 : 0);
  const int64_t n = weight.shape.dim(in_rows ? 0 : 1);
  const int64_t blocks = (k + format.block_size - 1) / format.block_size;
  const int64_t padded_k = blocks * format.block_size;
  const int bits = format.type.bits();

  ZP_ASSIGN_OR_RETURN(Shape shape,
                      Shape::make(in_rows ? std::vector{n, padded_k} : std::vector{padded_k, n}));
  const auto element = static_cast<size_t>(zp::bits(weight.type)) / 8;
  const auto row = static_cast<size_t>(in_rows ? k : k * n) * element;
  const auto padding = static_cast<size_t>((padded_k - k) * (in_rows ? 1 : n)) * element;
  const WeightSource source = padded(weight, row, padding, std::move(shape));
  ZP_ASSIGN_OR_RETURN(TensorParams params, weight_params(source, format));
  ZP_ASSIGN_OR_RETURN(Tensor codes, weight_codes(source, params));

  const auto rows = static_cast<size_t>(n);
  const auto columns = static_cast<size_t>(blocks);
  ZP_ASSIGN_OR_RETURN(Shape codes_shape, Shape::make({n, blocks, format.block_size * bits / 8}));
  ZP_ASSIGN_OR_RETURN(Shape scales_shape, Shape::make({n, blocks}));
  NBitsWeight result;
  if (in_rows) {
    ZP_ASSIGN_OR_RETURN(result.codes, std::move(codes).viewed_as(DataType::kUint8, codes_shape));
  } else {
    ZP_ASSIGN_OR_RETURN(Tensor turned, transposed_matrix(codes));
    ZP_ASSIGN_OR_RETURN(result.codes, std::move(turned).viewed_as(DataType::kUint8, codes_shape));
    params.scales = transposed(params.scales, columns, rows);
    params.zero_points = transposed(params.zero_points, columns, rows);
  }
  ZP_ASSIGN_OR_RETURN(result.scales, scales_tensor(params, scales_shape, weight.type));
  if (format.scheme == Scheme::kAffine) {
    ZP_ASSIGN_OR_RETURN(Shape zeros_shape, Shape::make({n, (blocks * bits + 7) / 8}));
    ZP_ASSIGN_OR_RETURN(result.zero_points,
                        Tensor::make(DataType::kUint8, std::move(zeros_shape),
                                     packed_rows(params.zero_points, columns, bits)));
  }
  return result;
}

}  // namespace zp
