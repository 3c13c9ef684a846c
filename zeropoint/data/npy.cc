#include "zeropoint/data/npy.h"

#include <algorithm>

#include "zeropoint/data/tensor_rows.h"

namespace zp {
namespace {

void swap_bytes(std::vector<std::byte>& elements, size_t width) {
  for (size_t at = 0; at < elements.size(); at += width) {
    std::reverse(elements.begin() + static_cast<std::ptrdiff_t>(at),
                 elements.begin() + static_cast<std::ptrdiff_t>(at + width));
  }
}

// Elements that lie with the first index fastest, laid with the last index fastest.
std::vector<std::byte> to_c_order(const std::vector<std::byte>& elements, const Shape& shape,
                                  size_t width) {
  const auto rank = static_cast<size_t>(shape.rank());
  std::vector<size_t> strides(rank, width);  // of the source, in bytes
  for (size_t axis = 1; axis < rank; ++axis) {
    strides[axis] = strides[axis - 1] * static_cast<size_t>(shape.dims()[axis - 1]);
  }
  std::vector<std::byte> result(elements.size());
  std::vector<int64_t> index(rank, 0);
  size_t from = 0;
  for (size_t to = 0; to < result.size(); to += width) {
    std::copy_n(elements.begin() + static_cast<std::ptrdiff_t>(from), width,
                result.begin() + static_cast<std::ptrdiff_t>(to));
    for (size_t axis = rank; axis-- > 0;) {
      from += strides[axis];
      if (++index[axis] < shape.dims()[axis]) break;
      from -= strides[axis] * static_cast<size_t>(index[axis]);
      index[axis] = 0;
    }
  }
  return result;
}

}  // namespace

Result<Tensor> npy_tensor(const NpyHeader& header, Shape shape, std::vector<std::byte> elements) {
  const auto width = static_cast<size_t>(bits(header.type)) / 8;
  if (header.byte_order == ByteOrder::kBig && width > 1) swap_bytes(elements, width);
  if (header.array_order == ArrayOrder::kFortran && shape.rank() > 1) {
    elements = to_c_order(elements, shape, width);
  }
  if (header.type == DataType::kBool) {
    // Any byte but 0 is true to NumPy; a C++ bool holds 0 or 1.
    for (std::byte& element : elements) element = element == std::byte{0} ? element : std::byte{1};
  }
  return Tensor::make(header.type, std::move(shape), std::move(elements));
}

Result<Tensor> read_npy(const ByteSource& file, const NpyHeader& header) {
  ZP_ASSIGN_OR_RETURN(const size_t size, byte_size(header.type, header.shape));
  ZP_ASSIGN_OR_RETURN(auto elements, read_bytes(file, header.data_offset, size));
  return npy_tensor(header, header.shape, std::move(elements));
}

Result<Tensor> read_npy_row(const ByteSource& file, const NpyHeader& header, int64_t index) {
  if (header.array_order == ArrayOrder::kFortran && header.shape.rank() > 1) {
    // The elements of a row are spread over the whole file.
    ZP_ASSIGN_OR_RETURN(const Tensor all, read_npy(file, header));
    return row_of(all, index);
  }
  ZP_ASSIGN_OR_RETURN(Shape shape, with_first_dim(header.shape, 1));
  ZP_ASSIGN_OR_RETURN(const size_t size, byte_size(header.type, shape));
  ZP_ASSIGN_OR_RETURN(
      auto elements,
      read_bytes(file, header.data_offset + static_cast<uint64_t>(index) * size, size));
  return npy_tensor(header, std::move(shape), std::move(elements));
}

}  // namespace zp
