#include "zeropoint/data/tensor_rows.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace zp {

Result<Shape> with_first_dim(const Shape& shape, int64_t size) {
  std::vector<int64_t> dims(shape.dims().begin(), shape.dims().end());
  dims.front() = size;
  return Shape::make(std::move(dims));
}

Result<Tensor> row_of(const Tensor& tensor, int64_t index) {
  ZP_ASSIGN_OR_RETURN(Shape shape, with_first_dim(tensor.shape(), 1));
  const size_t size = tensor.bytes().size() / static_cast<size_t>(tensor.shape().dim(0));
  const auto bytes = tensor.bytes().subspan(static_cast<size_t>(index) * size, size);
  return Tensor::make(tensor.type(), std::move(shape), {bytes.begin(), bytes.end()});
}

Result<Tensor> join_rows(std::span<const Tensor> tensors) {
  const Tensor& first = tensors.front();
  int64_t rows = 0;
  std::vector<std::byte> bytes;
  bytes.reserve(first.bytes().size() * tensors.size());
  for (const Tensor& tensor : tensors) {
    const Shape& shape = tensor.shape();
    ZP_ASSIGN_OR_RETURN(const Shape comparable, with_first_dim(shape, first.shape().dim(0)));
    if (tensor.type() != first.type() || comparable != first.shape()) {
      return invalid_data(fmt::format("{} {} and {} {} do not fit into one run", name(first.type()),
                                      first.shape().to_string(), name(tensor.type()),
                                      shape.to_string()));
    }
    rows += shape.dim(0);
    bytes.insert(bytes.end(), tensor.bytes().begin(), tensor.bytes().end());
  }
  ZP_ASSIGN_OR_RETURN(Shape shape, with_first_dim(first.shape(), rows));
  return Tensor::make(first.type(), std::move(shape), std::move(bytes));
}

}  // namespace zp
