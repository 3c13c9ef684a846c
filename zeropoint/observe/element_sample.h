// Which elements of a large tensor are looked at closely.
//
// Extremes need every element. The distribution and the moments of a channel do not: a
// convolution's output has tens of thousands of positions, neighbours alike, and calibration sees
// it for many samples. So of a tensor with more than kMostElements elements some positions are
// taken (a position is all axes but the channels'), about kMostElements elements together, but not
// fewer than kFewestPositions. Which ones follows from the shape alone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/base/tensor_view.h"

namespace zp {

inline constexpr int64_t kMostElements = 8192;
inline constexpr int64_t kFewestPositions = 251;

// The number of positions taken of a tensor that is laid out as `split` says, its axis that of the
// channels (1 where there is none): all of them, or fewer.
int64_t sampled_positions(const AxisSplit& split);

// Of n positions the elements of each channel, one channel after the other ([channels, n]), held by
// `room`. Position k, 0 <= k < n, is one of the floor(all / n) that begin with number
// floor(k * all / n): which one looks random, so that the positions do not keep step with the rows
// of a picture, but follows from k alone. Requires 0 < n <= all.
std::span<const float> sample_elements(std::span<const float> x, const AxisSplit& split, int64_t n,
                                       std::vector<float>& room);

}  // namespace zp
