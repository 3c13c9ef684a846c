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
  // Parameters along `axis`, in [-rank, rank). An axis out of range is an error.
  static Result<Layout> per_axis(std::span<const int64_t> shape, int64_t axis);
  // Also an error: a block size below 1, or one that does not divide the axis.
  static Result<Layout> per_block(std::span<const int64_t> shape, int64_t axis,
                                  int64_t block_size);
};

// Calls body(offset, count, stride, params_index) for every run of elements offset,
// offset + stride, ... that share one pair of parameters, in the order of params_index within
// each outer slice. stride is 1 whenever a run is contiguous.
template <class Body>
void for_each_run(const Layout& layout, Body body) {
  switch (layout.granularity) {
    case Granularity::kPerTensor:
      body(int64_t{0}, layout.element_count(), int64_t{1}, int64_t{0});
      return;
    case Granularity::kPerAxis:
      for (int64_t o = 0; o < layout.outer; ++o) {
        for (int64_t a = 0; a < layout.axis_size; ++a) {
          body((o * layout.axis_size + a) * layout.inner, layout.inner, int64_t{1}, a);
        }
      }
      return;
    case Granularity::kPerBlock:
      for (int64_t o = 0; o < layout.outer; ++o) {
        for (int64_t a = 0; a < layout.axis_size; a += layout.block_size) {
          for (int64_t n = 0; n < layout.inner; ++n) {
            body((o * layout.axis_size + a) * layout.inner + n, layout.block_size, layout.inner,
                 layout.params_index(o, a, n));
          }
        }
      }
      return;
  }
}

}  // namespace zp
