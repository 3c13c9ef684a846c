// The scales of a weight's channels, chosen for the error that they cause at the node's output.
#pragma once

#include <span>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/proto.h"
#include "zeropoint/graph/tensor.h"
#include "zeropoint/numerics/params.h"
#include "zeropoint/observe/observer.h"
#include "zeropoint/plan/pairs.h"
#include "zeropoint/plan/plan.h"

namespace zp {

// Mean and variance of the values that each element of a filter multiplies, in pairing order
// (plan/pairs.h); the same for each filter of a group.
struct InputMoments {
  int64_t groups = 1;
  // groups * filter length elements.
  std::vector<double> mean;
  std::vector<double> variance;
};

// From the channels of the data input's observer; where it has none, the tensor's own for all.
InputMoments input_moments(const onnx::NodeProto& node, std::span<const int64_t> weight_dims,
                           const Observer& observer);

// Of the data divided by a factor for each channel.
void divide(InputMoments& moments, std::span<const float> factors);

struct ScaleOptions {
  IntType type = IntType::kInt8;
  NarrowRange narrow = NarrowRange::kYes;
  PairSafety pairs = PairSafety::kNone;
  bool per_channel = true;
  // Of the node's data; biases are codes of scale input_scale * weight scale.
  float input_scale = 1;
  // Whether the mean error is taken out again through the bias (bias_correction below).
  bool mean_is_corrected = true;
};

// The codes that an int32 bias may have: all whole numbers up to here are float32 numbers.
inline constexpr double kLargestBiasCode = 1 << 24;

// Symmetric scales, one for each filter, or one for all. Of 16 candidates between 0.7 times the
// scale that covers the filter and the one at which no pair of codes exceeds its limit, each filter
// takes the one with the smallest expected squared error at the output,
//
//   sum over k of variance_k * d_k^2  (+ (sum over k of mean_k * d_k)^2 where that is not
//   corrected)
//
// with d_k = w_k - scale * code_k. A bias keeps within 2^24 codes: the scale is at least
// |bias| / (input_scale * 2^24). A filter of zeros gets that, or 1.
// `bias` has one element a filter or is empty. Errors: weights that are not finite.
Result<std::vector<float>> choose_weight_scales(const onnx::NodeProto& node, const Tensor& weight,
                                                std::span<const float> bias,
                                                const InputMoments& moments,
                                                const ScaleOptions& options);

// Raises the scales, one for each bias or one for all, until each bias is within kLargestBiasCode
// codes of scale input_scale * scale. False where they are already.
bool raise_for_biases(std::span<float> scales, std::span<const float> biases, float input_scale);

// What the rounding of the weights takes from each channel's mean output, to be added to the bias:
// sum over k of (w_k - scale * code_k) * mean_k. (Nagel et al. 2019, arXiv 1906.04721, section 4.2,
// with the measured means of the inputs; padding counts as if it had the mean as well.)
std::vector<float> bias_correction(const Filters& filters, std::span<const float> weights,
                                   std::span<const int32_t> codes, std::span<const float> scales,
                                   const InputMoments& moments);

}  // namespace zp
