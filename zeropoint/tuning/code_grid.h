// The numbers that a weight may become: codes, scales and zero points of its filters, and what a
// choice of codes costs at the node's output.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/plan/pairs.h"
#include "zeropoint/plan/plan.h"
#include "zeropoint/tuning/second_moments.h"

namespace zp {

struct CodeGrid {
  CodeRange codes;
  // scale = scales[filter * blocks + k / block] for element k of a filter.
  std::vector<float> scales;
  std::vector<int32_t> zero_points;  // as many; empty: all 0
  int64_t block = 0;                 // elements of a filter that share a scale; 0: all
  // Held: codes less their zero point keep to the pair limit of plan/pairs.h.
  PairSafety pairs = PairSafety::kNone;

  int64_t blocks(int64_t length) const { return block > 0 ? (length + block - 1) / block : 1; }
};

// Of a weight as a plan has it; one scale for all filters is repeated.
Result<CodeGrid> grid_of(const WeightPlan& plan, const Filters& filters);

// The elements of filter after filter in pairing order, from the tensor's order, and back.
std::vector<double> in_pairing_order(std::span<const float> weights, const Filters& filters);
std::vector<int32_t> in_tensor_order(std::span<const int32_t> codes, const Filters& filters);

// Whether the mean of a filter's output error counts, or is taken out again through the bias: then
// H - n m m^T stands for H, n rows of mean m.
enum class MeanError { kCounts, kCorrected };

// The squared error at the output that codes (in the tensor's order) cause for each filter, summed
// over the rows, in squares of an output unit:
//
//   input scale^2 * d^T H d,  d_k = w_k - scale * (code_k - zero point)
//
// Errors: sizes that do not fit.
Result<std::vector<double>> output_errors(const Filters& filters, std::span<const float> weights,
                                          std::span<const int32_t> codes, const CodeGrid& grid,
                                          const SecondMoments& moments, MeanError mean);

// Whether grid, weights and moments belong to these filters; an error says what does not fit.
Status check_fit(const Filters& filters, std::span<const float> weights, const CodeGrid& grid,
                 const SecondMoments& moments);

}  // namespace zp
