// The range that holds every value.
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/numerics/range.h"
#include "zeropoint/observe/observer.h"

namespace zp {

// The exact minimum and maximum of the finite elements. No finite element at all is an error of
// code kInvalidData that says what there was instead; every estimator begins with it.
Result<Range> min_max_range(const Observer& observer);

// An error as above where none of the elements looked at closely is finite.
Status check_looked_at(const Observer& observer);

}  // namespace zp
