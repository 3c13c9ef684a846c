// Weights as the integer operators of dynamic quantization read them.
#pragma once

#include <vector>

#include "zeropoint/graph/model.h"
#include "zeropoint/plan/pairs.h"
#include "zeropoint/quantizer/dynamic.h"

namespace zp {

// Codes of `type` with one zero point for all, the middle code. scales has one element, or one for
// each output channel.
struct DynamicWeight {
  Tensor codes;
  std::vector<float> scales;
};

// Which axis of a weight its output channels lie along.
enum class Channels { kLast, kFirst };

// `weight` is [K, N] or [batch, K, N] with its channels last, or [N, K] with its channels first; K
// is summed over. The codes have the same shape and the type that dynamic_type says. Errors name
// the weight `name`.
Result<DynamicWeight> dynamic_matrix(const Tensor& weight, const std::string& name,
                                     Channels channels, const DynamicOptions& options);

// The type of a weight of this rank: options.weights, or uint8, which needs no holding, where pairs
// are to be held and cannot be: in a batch of matrices.
IntType dynamic_type(int rank, const DynamicOptions& options);

// A weight of Conv, [Cout, Cin / groups, kernel...]; codes are uint8.
Result<DynamicWeight> dynamic_filters(const Tensor& weight, const std::string& name,
                                      const DynamicOptions& options);

// Of codes of one byte [batch, rows, columns] to [batch, columns, rows].
Result<Tensor> swap_last_axes(const Tensor& codes);

}  // namespace zp
