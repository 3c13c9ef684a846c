// The subcommand `zeropoint inspect`: what is in a model, and what a runtime will make of it.
#pragma once

#include "apps/zeropoint/command.h"

namespace zp::app {

Command add_inspect(CLI::App& app);

}  // namespace zp::app
