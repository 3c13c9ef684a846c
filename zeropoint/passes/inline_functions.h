// The model's own functions are put where they are called, so that their nodes are nodes of the
// graph.
//
//   before:  x -> f -> y, and f(a) = Conv -> Relu        after:  x -> Conv -> Relu -> y
//
// By ONNX's inliner, which first brings a function to the model's operator set where the two
// differ. A function stays where that cannot be done.
#pragma once

#include <string>

#include "zeropoint/graph/model.h"

namespace zp {

struct InlinedFunctions {
  int count = 0;
  // Why some stayed; empty where none did.
  std::string note;
};

InlinedFunctions inline_functions(Model& model);

}  // namespace zp
