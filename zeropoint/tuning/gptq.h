// Codes of a weight chosen together, so that the errors of one filter's elements cancel at the
// node's output.
//
// Minimizes d^T H d for each filter, d = w - scale * q, over the codes q:
//
// 1. GPTQ (Frantar et al. 2022, arXiv 2210.17323): one element after the other is rounded to
//    nearest, each time after the rest was moved to where it makes up best for the error so far.
//    With H = R R^T, R upper triangular, that is to round
//
//      q_j = nearest((w_j + sum over i < j of d_i R_ij / R_jj) / scale_j)
//
//    (Babai's nearest plane; the paper's Cholesky factor of H^-1 is R^-1).
// 2. Coordinate descent (Behdin et al. 2023, arXiv 2309.01885): sweeps in which every code moves to
//    its best value while the others stay, until none moves. The error falls with each step.
//
// H gets `dampening` times the mean of its diagonal added to that, as GPTQ does: with few samples
// the error is otherwise moved to where they do not look. The pair limit holds for every code that
// is chosen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/plan/pairs.h"
#include "zeropoint/tuning/code_grid.h"
#include "zeropoint/tuning/second_moments.h"

namespace zp {

struct RoundingOptions {
  double dampening = 0.01;
  int sweeps = 20;  // of coordinate descent at most; 0: GPTQ alone
  MeanError mean = MeanError::kCounts;
};

// Codes in the order of the tensor, within the grid's range. For no filter is d^T H d (without
// dampening) larger than with codes that are rounded to nearest and held to the pair limit: where
// it would be, those are taken. Errors: weights that are not finite, parts that do not fit each
// other.
Result<std::vector<int32_t>> optimized_codes(const Filters& filters, std::span<const float> weights,
                                             const CodeGrid& grid, const SecondMoments& moments,
                                             const RoundingOptions& options = {});

}  // namespace zp
