// Symmetric scales of a weight's filters, chosen for the error at the node's output.
//
// Of `candidates` scales between `narrowest` times the one that covers the filter and the one at
// which no pair of codes exceeds its limit (plan/pairs.h), and the covering one itself, each filter
// takes the one with the smallest d^T H d, d = w - scale * q, q the codes rounded to nearest, or as
// GPTQ rounds them, and held to the pair limit: the usual search for the range with the least
// squared error, with H in place of the identity, so that errors count as they reach the output,
// correlations between inputs included.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/numerics/int_type.h"
#include "zeropoint/plan/pairs.h"
#include "zeropoint/tuning/code_grid.h"
#include "zeropoint/tuning/second_moments.h"

namespace zp {

enum class ScaleShare {
  kFilter,  // one for each filter
  kTensor,  // one for all
  kBlock,   // one for each run of `block` elements of each filter; errors of blocks count alone
};

// How the codes that judge a scale are rounded.
enum class ScaleRounding {
  kNearest,
  kGptq,  // as optimized_codes (gptq.h) will, without its descent; the error is then that with
          // `dampening`
};

struct ScaleSearchOptions {
  IntType type = IntType::kInt8;
  NarrowRange narrow = NarrowRange::kYes;
  PairSafety pairs = PairSafety::kNone;  // kHeld: not with kBlock
  ScaleShare share = ScaleShare::kFilter;
  int64_t block = 0;
  MeanError mean = MeanError::kCounts;
  ScaleRounding rounding = ScaleRounding::kNearest;
  double dampening = 0.01;  // of kGptq
  int candidates = 16;      // at least 2
  // The smallest candidate, as a part of the scale that covers the filter. Codes of 4 bits gain
  // from less, such as 0.4.
  double narrowest = 0.7;
  // The smallest that each filter may have, or empty: keeps codes of the bias in their range
  // (least_scales below).
  std::vector<double> least = {};
};

// In the order of CodeGrid::scales; one for kTensor. Never of a larger error than the scale that
// covers the filter (raised to `least` and, where pairs are held, with its codes held). A filter of
// zeros gets `least`, or 1. Errors: weights that are not finite, sizes that do not fit.
Result<std::vector<float>> search_scales(const Filters& filters, std::span<const float> weights,
                                         const SecondMoments& moments,
                                         const ScaleSearchOptions& options);

// A bias is codes of scale input_scale * weight scale, which keep within 2^24 (exact in float32,
// with room below int32): |bias| / (input_scale * 2^24) for each filter.
std::vector<double> least_scales(std::span<const float> bias, float input_scale);

}  // namespace zp
