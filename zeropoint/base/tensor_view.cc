#include "zeropoint/base/tensor_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace zp {
namespace {

std::string join(std::span<const int64_t> dims) {
  return fmt::format("[{}]", fmt::join(dims, ", "));
}

}  // namespace

Result<Shape> Shape::make(std::vector<int64_t> dims) {
  int64_t product = 1;
  bool empty = false;
  for (const int64_t dim : dims) {
    if (dim < 0) {
      return invalid_argument(
          fmt::format("shape {}: a dimension is {}, expected 0 or more", join(dims), dim));
    }
    empty |= dim == 0;
    if (__builtin_mul_overflow(product, std::max<int64_t>(dim, 1), &product)) {
      return invalid_argument(fmt::format(
          "shape {}: its number of elements does not fit 64 bits, expected at most 2^63 - 1",
          join(dims)));
    }
  }
  Shape shape;
  shape.dims_ = std::move(dims);
  shape.element_count_ = empty ? 0 : product;
  return shape;
}

std::string Shape::to_string() const { return join(dims_); }

Status check_element_count(const Shape& shape, size_t elements) {
  if (elements != static_cast<size_t>(shape.element_count())) {
    return invalid_argument(fmt::format("tensor of shape {}: {} elements given, expected {}",
                                        shape.to_string(), elements, shape.element_count()));
  }
  return {};
}

Result<int> normalize_axis(int64_t axis, int rank) {
  if (rank == 0) {
    return invalid_argument(fmt::format("axis {}: a tensor of rank 0 has no axis", axis));
  }
  if (axis < -rank || axis >= rank) {
    return invalid_argument(fmt::format("axis {}: outside a tensor of rank {}, expected {} to {}",
                                        axis, rank, -rank, rank - 1));
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

Result<AxisSplit> split_at_axis(const Shape& shape, int64_t axis) {
  ZP_ASSIGN_OR_RETURN(const int at, normalize_axis(axis, shape.rank()));
  AxisSplit split;
  for (int i = 0; i < at; ++i) split.outer *= shape.dim(i);
  split.axis = shape.dim(at);
  for (int i = at + 1; i < shape.rank(); ++i) split.inner *= shape.dim(i);
  return split;
}

}  // namespace zp
