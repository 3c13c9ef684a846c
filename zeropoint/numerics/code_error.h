// What a choice of parameters costs: codes that carry nothing, and the error of rounding.
#pragma once

#include <cstdint>

#include "zeropoint/numerics/params.h"

namespace zp {

// Steps between qmin and the code of the data's minimum, and between the code of its maximum and
// qmax: they carry nothing.
struct WastedSteps {
  int64_t below = 0;
  int64_t above = 0;
  int64_t total = 0;  // qmax - qmin

  double fraction() const {
    return static_cast<double>(below + above) / static_cast<double>(total);
  }
};

// `data` as it was observed, before it was widened to hold 0. Requires check(data) and
// check(params, convention), as does largest_error.
WastedSteps wasted_steps(Range data, const QuantParams& params,
                         Convention convention = Convention::kOnnx);

// The largest |x - fake_quantize(x)| of a real x in `data`: half a step, or what is cut off at an
// end. To within a float32 rounding of the ends' own codes. Infinite where an end's code stands for
// more than FLT_MAX.
double largest_error(Range data, const QuantParams& params,
                     Convention convention = Convention::kOnnx);

}  // namespace zp
