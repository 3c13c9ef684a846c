// Whether the parts of an observer can come from the same data. An observer that has only observed
// and merged always passes; one that was read from a file has to prove it.
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/observe/observer.h"

namespace zp {

// Checked are: the counts against each other; minimum, maximum and smallest magnitude against the
// counts and each other; the elements looked at closely against all; the moments against the bounds
// that these give; the channels together against the whole; the distribution's counts, ends and
// moments against the statistics. Errors, of code kInvalidData, say which of them does not hold.
Status check(const Observer& observer);

}  // namespace zp
