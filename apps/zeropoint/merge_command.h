// zeropoint merge: statistics of shards made one file.
#pragma once

#include "apps/zeropoint/command.h"

namespace zp::app {

Command add_merge(CLI::App& app);

}  // namespace zp::app
