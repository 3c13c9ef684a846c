// zeropoint calibrate: what is seen of a model's values on samples, as a file.
#pragma once

#include "apps/zeropoint/command.h"

namespace zp::app {

Command add_calibrate(CLI::App& app);

}  // namespace zp::app
