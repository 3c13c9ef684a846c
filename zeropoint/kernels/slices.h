// The statistics kernels over a tensor whose elements belong to slices: one for the whole tensor,
// one for each index of an axis, or one for each block of an axis, numbered as Layout numbers
// parameters (numerics/layout.h). Each slice has what the kernel gives for its elements alone.
#pragma once

#include <span>
#include <vector>

#include "zeropoint/kernels/channel_runs.h"
#include "zeropoint/kernels/histogram.h"
#include "zeropoint/kernels/min_max.h"
#include "zeropoint/kernels/moments.h"
#include "zeropoint/numerics/layout.h"

namespace zp::kernels {

// Calls body(slice, run) for contiguous runs that together hold every element of x once; short
// pieces of a slice are copied together first. x has layout.element_count() elements.
template <class Body>
void for_each_slice_run(std::span<const float> x, const Layout& layout, Body body) {
  if (layout.granularity == Granularity::kPerTensor) return body(int64_t{0}, x);
  if (layout.granularity == Granularity::kPerAxis) {
    return for_each_channel_run(x, {layout.outer, layout.axis_size, layout.inner}, body);
  }
  // A block over all of inner is a small tensor with the slices along its last axis.
  const AxisSplit block{layout.block_size, layout.inner, 1};
  const int64_t size = layout.block_size * layout.inner;
  for (int64_t i = 0; i < layout.outer * layout.blocks(); ++i) {
    const auto part = x.subspan(static_cast<size_t>(i * size), static_cast<size_t>(size));
    if (layout.inner == 1) {
      body(i, part);
    } else {
      for_each_channel_run(part, block, [&](int64_t n, std::span<const float> run) {
        body(i * layout.inner + n, run);
      });
    }
  }
}

// The extremes and counts of each slice: layout.params_count() of them. An error where x's length
// is not that of the layout.
Result<std::vector<MinMax>> min_max(std::span<const float> x, const Layout& layout);

// Adds each slice's moments to its entry. Also an error: another number of entries than slices.
Status add_moments(std::span<const float> x, const Layout& layout, std::span<Moments> moments);

// Counts each slice's elements in its table. Also an error: a table that cannot take its slice's
// elements any more; the elements before are then counted.
Status add_histograms(std::span<const float> x, const Layout& layout,
                      std::span<HistogramTable> tables);

}  // namespace zp::kernels
