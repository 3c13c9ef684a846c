// zeropoint compare: a float model and its quantized form judged on samples.
#pragma once

#include "apps/zeropoint/command.h"

namespace zp::app {

Command add_compare(CLI::App& app);

}  // namespace zp::app
