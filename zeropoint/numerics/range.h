// A range of real values, as an observer reports it or a user asks for it.
#pragma once

#include "zeropoint/base/error.h"

namespace zp {

// min <= max, both finite and within float32; make_range proves it.
struct Range {
  double min = 0;
  double max = 0;

  // The smallest range that holds this one and `value`.
  constexpr Range widened_to(double value) const {
    return {min < value ? min : value, max > value ? max : value};
  }
  // max(|min|, |max|): the half width of the smallest symmetric range that holds this one.
  constexpr double magnitude() const { return -min > max ? -min : max; }
  constexpr double width() const { return max - min; }
  friend constexpr bool operator==(Range, Range) = default;
};

// A reversed range, NaN, infinity or anything beyond +-FLT_MAX is an error.
Result<Range> make_range(double min, double max);
Status check(Range range);

}  // namespace zp
