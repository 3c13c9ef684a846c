// Progress of long work on standard error: a bar on a terminal, a line now and then elsewhere.
#pragma once

#include "zeropoint/base/progress.h"

namespace zp::app {

// Shows what the callback is told, at most ten times a second, and names the stage for a message
// after a crash (supervisor.h). On a terminal the bar is drawn over itself and wiped when the work
// is done; elsewhere each piece of work is one line when it begins and one for each tenth of it.
ProgressCallback progress_bar();

}  // namespace zp::app
