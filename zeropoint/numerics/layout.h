// Which scale and zero point an element of a tensor has: one for the whole tensor, one for each
// index of an axis, or one for each block of an axis (ONNX's blocked form).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/base/error.h"

namespace zp {

enum class Granularity { kPerTensor, kPerAxis, kPerBlock };

// How a tensor is cut along one axis. Elements lie row-major as [outer, axis_size, inner], and
// element (o, a, n) has the parameters number
//
//   per tensor  0
//   per axis    a
//   per block   (o * blocks + a / block_size) * inner + n
//
// the last being the row-major index into ONNX's scale tensor, whose shape is the input's with
// the axis divided by block_size.
struct Layout {
  Granularity granularity = Granularity::kPerTensor;
  int64_t outer = 1;
  int64_t axis_size = 1;
  int64_t inner = 1;
  int64_t block_size = 0;  // 0 unless per block

  int64_t element_count() const { return outer * axis_size * inner; }
  int64_t blocks() const { return axis_size / block_size; }
  int64_t params_count() const;
  int64_t params_index(int64_t o, int64_t a, int64_t n) const;

  // A tensor of `shape` under one pair of parameters.
  static Result<Layout> per_tensor(std::span<const int64_t> shape);
  // Parameters along `axis`, in [-rank, rank). An axis out of range is an error, as is any for a
  // scalar.
  static Result<Layout> per_axis(std::span<const int64_t> shape, int64_t axis);
  // Also an error: a block size below 1, or one that does not divide the axis.
  static Result<Layout> per_block(std::span<const int64_t> shape, int64_t axis, int64_t block_size);
};

// Whether the sizes of a layout made by hand are possible and its block size divides the axis;
// those made above always pass.
Status check(const Layout& layout);

// Contiguous elements offset .. offset + count, of which element i has the parameters number
// params_index + i * params_stride: stride 0 where all share one pair, 1 where each has its own.
struct Run {
  int64_t offset = 0;
  int64_t count = 0;
  int64_t params_index = 0;
  int64_t params_stride = 0;
};

// Calls body(Run) for runs that cover every element once, in memory order. Requires check(layout).
template <class Body>
void for_each_run(const Layout& layout, Body body) {
  const auto [granularity, outer, axis_size, inner, block_size] = layout;
  if (layout.element_count() == 0) return;
  if (granularity == Granularity::kPerTensor) return body(Run{0, layout.element_count(), 0, 0});
  const bool along_axis = inner == 1;  // neighbours in memory are neighbours on the axis
  if (granularity == Granularity::kPerAxis && along_axis) {
    for (int64_t o = 0; o < outer; ++o) body(Run{o * axis_size, axis_size, 0, 1});
    return;
  }
  const int64_t step = granularity == Granularity::kPerBlock && along_axis ? block_size : 1;
  const int64_t params_stride = granularity == Granularity::kPerBlock && !along_axis ? 1 : 0;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t a = 0; a < axis_size; a += step) {
      body(Run{(o * axis_size + a) * inner, step * inner, layout.params_index(o, a, 0),
               params_stride});
    }
  }
}

}  // namespace zp
