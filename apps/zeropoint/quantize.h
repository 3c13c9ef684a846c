// zeropoint quantize: a float model and samples in, a quantized model out.
#pragma once

#include "apps/zeropoint/command.h"

namespace zp::app {

Command add_quantize(CLI::App& app);

}  // namespace zp::app
