// The model's operator set becomes one that the wanted types of codes need.
//
//   before:  opset 9, Unsqueeze(x, axes = [0])      after:  opset 13, Unsqueeze(x, a), a = [0]
//
// By ONNX's own version converter. It works on a copy without weights; what it drops (annotations,
// metadata of nodes, descriptions of inputs and outputs, training information) is put back, and
// what it is known to get wrong is put right or refused (opset_repairs.h). The result is kept only
// if inputs and outputs are the same and ONNX's checker accepts it; otherwise the next lower
// version is tried.
#pragma once

#include <cstdint>
#include <string>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"

namespace zp {

struct RaisedOpset {
  int64_t before = 0;
  int64_t after = 0;
  // Why it is below what was wanted; empty where it is not.
  std::string note;
};

// Nothing happens to a model that is there already. The model's IR version must be 4 or newer and
// no initializer an input, as the converter takes initializers for values only then.
RaisedOpset raise_opset(Model& model, int64_t wanted);

}  // namespace zp
