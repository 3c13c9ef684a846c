// The subcommand `zeropoint explain`: a range and a type in, the derivation of the quantization
// parameters out.
#pragma once

#include "apps/zeropoint/command.h"

namespace zp::app {

Command add_explain(CLI::App& app);

}  // namespace zp::app
