// How the range of a tensor is chosen from what was observed of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/numerics/params.h"
#include "zeropoint/numerics/range.h"
#include "zeropoint/observe/observer.h"

namespace zp {

enum class RangeKind { kMinMax, kPercentile, kMeanSquaredError, kEntropy, kGiven };

struct RangeMethod {
  RangeKind kind = RangeKind::kMinMax;
  double percentile = 99.99;  // for kPercentile
  Range given;                // for kGiven

  // "minmax", "percentile:99.99", "mse", "entropy", "-1.5..6".
  std::string name() const;
  // The inverse; "percentile" alone means 99.99. An error that lists the forms.
  static Result<RangeMethod> parse(std::string_view text);
};

// A method for the tensors whose names match a pattern with * and ?.
struct RangeOverride {
  std::string pattern;
  RangeMethod method;
};

// Of the finite values that the observer has seen, for codes of this type. Errors: nothing finite
// was seen; those of choose_params.
Result<Range> choose_range(const Observer& observer, const RangeMethod& method, IntType type,
                           const ParamOptions& options);

}  // namespace zp
