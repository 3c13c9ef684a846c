// Which tensors get channel scales (passes/rescale_channels.h), and which.
//
// Cross-layer equalization (Nagel et al. 2019, arXiv 1906.04721) and SmoothQuant (Xiao et al. 2022,
// arXiv 2211.10438) in one: a tensor has one quantization step for all its channels, which suits
// the widest. Divided by factors r_k its channels get steps r_k times as wide as the new common
// one.
//
// Conditions: channels are known (passes/channel_flow.h); a node in integers reads the values in
// the end; enough values of each channel were seen; the gain that is expected is worth the Mul
// nodes it takes.
//
// mobilenet, yolox and others, before and after: docs/accuracy.md.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/values.h"
#include "zeropoint/numerics/range.h"
#include "zeropoint/observe/observer.h"
#include "zeropoint/plan/plan.h"

namespace zp {

struct ChannelScaleOptions {
  // Gains below these are left: where the factors disappear in weights, and where they need a Mul.
  double least_free_gain_db = 0.5;
  double least_gain_db = 3;
  // A channel of which fewer values were seen says too little of its range.
  int64_t least_values = 400;
  // Ranges of channels are widened by 1 + margin / sqrt(values seen), up to the tensor's range.
  double margin = 30;
  // Ratio of the smallest to the largest factor of a tensor.
  double smallest_factor = 1.0 / 64;
};

// One component of tensors whose channels belong together.
struct ChannelScaleChoice {
  std::vector<ChannelScales> tensors;
  // Ranges of those of them that are quantized, after the division.
  std::map<std::string, Range> ranges;
  // Signal to quantization noise that is expected without the factors, and what they add to it:
  // behind the nodes in integers that read the tensors, or where none does, of their channels on
  // average.
  double sqnr_db = 0;
  double gain_db = 0;
  int multiplications = 0;  // Mul nodes that it takes
};

// `plan` is of the model as it is; its ranges hold for the channels too. In the order of the graph.
//
// Factors: with q_k the range of channel k and w_k the largest weight that it meets,
// r_k ~ q_k^a / w_k^(1 - a). Of a = 0, 0.1, ... 1 the one with the least expected error behind the
// readers,
//
//   sum over filters o and channels k of  w_ok^2 r_k^2 S^2 / 12  +  s_o^2 / 12 E[x_k^2] / r_k^2
//
// with S the common step of the activation and s_o = max_k |w_ok r_k| / 127 that of the filter.
Result<std::vector<ChannelScaleChoice>> choose_channel_scales(
    const Model& model, const ValueInfos& values, const Plan& plan,
    const std::map<std::string, Observer>& observers, const ChannelScaleOptions& options = {});

}  // namespace zp
