#include "zeropoint/numerics/layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "zeropoint/base/tensor_view.h"

namespace zp {
namespace {

bool divides(int64_t block_size, int64_t axis_size) {
  return block_size >= 1 && axis_size % block_size == 0;
}

// [outer, axis, inner] of the shape, or what is wrong with it.
Result<Layout> split(std::span<const int64_t> dims, int64_t axis) {
  ZP_ASSIGN_OR_RETURN(const Shape shape, Shape::make({dims.begin(), dims.end()}));
  ZP_ASSIGN_OR_RETURN(const AxisSplit parts, split_at_axis(shape, axis));
  Layout layout;
  layout.outer = parts.outer;
  layout.axis_size = parts.axis;
  layout.inner = parts.inner;
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
  ZP_RETURN_IF_ERROR(Shape::make({layout.outer, layout.axis_size, layout.inner}));
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
