// Why choose_params (zeropoint/numerics/params.h) gives what it gives: the formula that each
// convention uses and the quantities on the way to its scale and zero point.
#pragma once

#include <cstdint>

#include "zeropoint/numerics/params.h"

namespace zp::app {

enum class ScaleFormula {
  kSpan,            // (max - min) / (qmax - qmin)
  kGivenZeroPoint,  // the larger of max / (qmax - z) and -min / (z - qmin)
  kTwoSided,        // 2a / (qmax - qmin)
  kTopCode,         // a / qmax
  kAllSteps,        // 2a / (2^b - 1)
  kOneSided,        // max / qmax
};

// What replaces a scale that is too small to be used.
enum class ScaleLimit {
  kNone,
  kOne,      // below the smallest normal float32: 1
  kEpsilon,  // pytorch: FLT_EPSILON
};

struct ScaleDerivation {
  ScaleFormula formula = ScaleFormula::kSpan;
  Range range;               // what the formula is given; pytorch rounds the ends to float32
  double formula_value = 0;  // in the convention's precision
  ScaleLimit limit = ScaleLimit::kNone;
  double used = 0;  // after the limit and, where asked for, the power of two; not yet a float32
};

// `covered` holds 0; params are those that choose_params gave for it.
ScaleDerivation derive_scale(Range covered, const QuantParams& params, const ParamOptions& options);

enum class ZeroPointFormula {
  kFixed,    // by the scheme or by the user
  kNothing,  // 0, or the lowest code: the scale had to become 1, nothing is told apart from 0
  kFromMin,  // round(qmin - min / scale)
  kNudged,   // tflite: from the end of the range whose terms are smaller
  kPytorch,  // qmin - round(min / scale)
};

struct ZeroPointDerivation {
  ZeroPointFormula formula = ZeroPointFormula::kFixed;
  Range range;       // as in ScaleDerivation
  double scale = 0;  // unrounded, but for pytorch
  double min_over_scale = 0;
  double max_over_scale = 0;
  double from_min = 0;       // qmin - min / scale
  double from_max = 0;       // qmax - max / scale
  double from_min_size = 0;  // |qmin| + |min / scale|
  double from_max_size = 0;  // |qmax| + |max / scale|
  double rounded = 0;        // before saturation to the codes
};

ZeroPointDerivation derive_zero_point(Range covered, double scale, ScaleLimit limit,
                                      const QuantParams& params, const ParamOptions& options);

}  // namespace zp::app
