// Weights that make up for the error of their input.
//
// What a quantized network hands to a node differs from the float network's value by e = x_float -
// x, which is partly a linear function of x. The weights W' that minimize
//
//   sum over rows of |W x_float - W' x|^2 + lambda |W' - W|^2,   lambda = ridge * mean of H's
//   diagonal
//
// are W' = W + W C (H + lambda I)^-1 with C = sum of e x^T and H = sum of x x^T (ridge regression,
// Hoerl and Kennard 1970; the asymmetric reconstruction of arXiv 2004.10568, without its rounding
// and so in closed form). It fits the samples that were looked at: with few of them it makes things
// worse, so a step like this is to be judged on samples that were held back.
#pragma once

#include <span>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/plan/pairs.h"
#include "zeropoint/tuning/code_grid.h"
#include "zeropoint/tuning/second_moments.h"

namespace zp {

struct CorrectionOptions {
  double ridge = 0.1;
  // kCorrected: the bias takes up the mean, so only what varies is fitted.
  MeanError mean = MeanError::kCounts;
};

// W' in the order of the tensor. Errors: moments without the float model's input, parts that do not
// fit each other.
Result<std::vector<float>> error_correcting_weights(const Filters& filters,
                                                    std::span<const float> weights,
                                                    const SecondMoments& moments,
                                                    const CorrectionOptions& options = {});

}  // namespace zp
