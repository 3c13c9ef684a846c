// A model in memory, made ready to run.
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/engine/engine.h"
#include "zeropoint/graph/model.h"

namespace zp {

// Compiles a model for `options`. One that is too large for a message, or has external data, goes
// through a folder of its own under $TMPDIR, gone when this returns.
Result<Engine> compile(const Model& model, const EngineOptions& options);

}  // namespace zp
