// Brings a model into the form that calibration, planning and quantization speak of, without
// changing what it computes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/passes/inline_functions.h"
#include "zeropoint/passes/raise_opset.h"

namespace zp {

struct PrepareOptions {
  // The operator set that the wanted codes need: 13 for 8 bit with scales per channel, 21 for 4 and
  // 16 bit and for blocks. A model above it stays there.
  int64_t min_opset = 13;
  // Called after each step with its name; an error ends the preparation. For looking at what each
  // step does.
  std::function<Status(std::string_view step, const Model& model)> after_step = nullptr;
};

struct PassCount {
  std::string_view pass;  // the name of its file
  int rewrites = 0;       // nodes that went
};

struct PrepareReport {
  RaisedOpset opset;
  InlinedFunctions functions;
  std::vector<std::string> inputs_made_constant;  // constants.h says which
  std::vector<PassCount> passes;                  // in the order they ran
};

// Sorts and names the nodes, inlines local functions, raises the operator set and the IR version,
// makes constants initializers, removes identities, folds constants, Pads, biases, scales and
// BatchNormalizations; each file says what and when. Bodies of If, Loop and Scan are treated as the
// graph is. Names and types of the inputs that a caller must give and of the outputs stay. The
// float outputs stay the same up to the rounding of folded weights (1e-5 of the largest output in
// every model tested).
//
// The same model always becomes the same bytes. Errors: a model that check.h refuses, data that
// cannot be read; the model is then not to be used.
Result<PrepareReport> prepare(Model& model, const PrepareOptions& options = {});

}  // namespace zp
