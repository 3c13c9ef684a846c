// Biases that take up what quantization does to the mean of each channel.
//
// The mean output of filter o over the rows (second_moments.h) is to be what the float model's is:
//
//   correction_o = input scale * (w_o . E[x_float] - (scale * q)_o . E[x])
//
// with the float model's input where the moments have it, and otherwise with x in its place: then
// the rounding of the weights alone is made up for. Empirical bias correction, Nagel et al. 2019
// (arXiv 1906.04721, appendix D), with the means of the node's input: padding counts as it occurs.
// With the float model's input the nodes are to be taken in order (in_order.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/plan/pairs.h"
#include "zeropoint/tuning/code_grid.h"
#include "zeropoint/tuning/second_moments.h"

namespace zp {

// What is to be added to the bias of each filter. `weights` are the float model's, whatever the
// codes were made from; both in the order of the tensor. Errors: parts that do not fit each other.
Result<std::vector<float>> bias_correction(const Filters& filters, std::span<const float> weights,
                                           std::span<const int32_t> codes, const CodeGrid& grid,
                                           const SecondMoments& moments);

}  // namespace zp
