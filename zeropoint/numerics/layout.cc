#include "zeropoint/numerics/layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace zp {
namespace {

// Whether no size is negative and no product of some of them overflows, whatever others are 0.
Status check_shape(std::span<const int64_t> shape) {
  int64_t count = 1;
  for (const int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, std::max<int64_t>(size, 1), &count)) {
      return invalid_argument(
          fmt::format("shape [{}]: expected sizes of at least 0 whose product "
                      "fits 63 bits",
                      fmt::join(shape, ", ")));
    }
  }
  return {};
}

bool divides(int64_t block_size, int64_t axis_size) {
  return block_size >= 1 && axis_size % block_size == 0;
}

// [outer, axis, inner] of the shape, or what is wrong with it.
Result<Layout> split(std::span<const int64_t> shape, int64_t axis) {
  const auto rank = static_cast<int64_t>(shape.size());
  if (rank == 0) {
    return invalid_argument(
        fmt::format("axis {}: a scalar has none; take one pair of parameters", axis));
  }
  if (axis < -rank || axis >= rank) {
    return invalid_argument(fmt::format("axis {}: expected one of a tensor of rank {}, in [{}, {}]",
                                        axis, rank, -rank, rank - 1));
  }
  ZP_RETURN_IF_ERROR(check_shape(shape));
  const int64_t index = axis < 0 ? axis + rank : axis;
  Layout layout;
  for (int64_t i = 0; i < rank; ++i) {
    (i < index    ? layout.outer
     : i == index ? layout.axis_size
                  : layout.inner) *= shape[static_cast<size_t>(i)];
  }
  return layout;
}

}  // namespace

int64_t Layout::params_count() const {
  switch (granularity) {
    case Granularity::kPerTensor:
      return 1;
    case Granularity::kPerAxis:
      return axis_size;
    case Granularity::kPerBlock:
      return outer * blocks() * inner;
  }
  return 0;
}

int64_t Layout::params_index(int64_t o, int64_t a, int64_t n) const {
  switch (granularity) {
    case Granularity::kPerTensor:
      return 0;
    case Granularity::kPerAxis:
      return a;
    case Granularity::kPerBlock:
      return (o * blocks() + a / block_size) * inner + n;
  }
  return 0;
}

Result<Layout> Layout::per_tensor(std::span<const int64_t> shape) {
  if (shape.empty()) return Layout{};
  return split(shape, 0);
}

Result<Layout> Layout::per_axis(std::span<const int64_t> shape, int64_t axis) {
  ZP_ASSIGN_OR_RETURN(Layout layout, split(shape, axis));
  layout.granularity = Granularity::kPerAxis;
  return layout;
}

Result<Layout> Layout::per_block(std::span<const int64_t> shape, int64_t axis, int64_t block_size) {
  ZP_ASSIGN_OR_RETURN(Layout layout, split(shape, axis));
  if (!divides(block_size, layout.axis_size)) {
    return invalid_argument(
        fmt::format("block size {}: expected a divisor of the {} elements of axis {} of shape [{}]",
                    block_size, layout.axis_size, axis, fmt::join(shape, ", ")));
  }
  layout.granularity = Granularity::kPerBlock;
  layout.block_size = block_size;
  return layout;
}

Status check(const Layout& layout) {
  ZP_RETURN_IF_ERROR(check_shape(std::array{layout.outer, layout.axis_size, layout.inner}));
  const bool blocked = layout.granularity == Granularity::kPerBlock;
  if (blocked && !divides(layout.block_size, layout.axis_size)) {
    return invalid_argument(
        fmt::format("block size {}: expected a divisor of the {} elements of "
                    "the axis",
                    layout.block_size, layout.axis_size));
  }
  return {};
}

}  // namespace zp
