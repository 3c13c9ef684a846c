// zeropoint plan: what a plan for the model says, as JSON to read and to edit.
#pragma once

#include "apps/zeropoint/command.h"

namespace zp::app {

Command add_plan(CLI::App& app);

}  // namespace zp::app
