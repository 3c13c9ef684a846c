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

// `weight` has output channels along axis 0 (where `rows` says so) or along its last axis, and what
// is summed over along the other, its last but one where there are more than two: [K, N],
// [batch, K, N] or [N, K]. The codes have the same shape. Pairs are held where asked for, but not
// in a batch of matrices. Errors name the weight `name`.
enum class Channels { kLast, kFirst };
Result<DynamicWeight> dynamic_matrix(const Tensor& weight, const std::string& name,
                                     Channels channels, const DynamicOptions& options);

// Whether dynamic_matrix can hold the pairs of a weight of this rank; where they are to be held and
// cannot be, the codes must be uint8, which have none.
IntType dynamic_type(int rank, const DynamicOptions& options);

// A weight of Conv, [Cout, Cin / groups, kernel...]; codes are uint8.
Result<DynamicWeight> dynamic_filters(const Tensor& weight, const std::string& name,
                                      const DynamicOptions& options);

// Of codes of one byte [batch, rows, columns] to [batch, columns, rows].
Result<Tensor> swap_last_axes(const Tensor& codes);

}  // namespace zp
