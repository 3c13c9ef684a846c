// Constants become initializers, wherever they were written.
//
//   before:  Constant(value) -> c            after:  initializer c
//   before:  graph input w with initializer w    after:  initializer w
//
// Constant nodes with any numeric attribute; those with strings or a sparse tensor stay, and those
// whose output is an output of the graph. Initializers that are inputs of the graph too: IR version
// 3 asked for that, so there all of them are constants. From version 4 on it makes them default
// values that a caller may override. Exporters nevertheless wrote weights that way, so these stop
// being inputs: floats with at least one dimension that are read as weights, biases, scales or
// statistics (of Conv, ConvTranspose, Gemm, MatMul, Gather, normalizations, PRelu, LSTM, GRU, RNN,
// Add, Sub, Mul, Div), and integers or Resize's scales read as shapes, axes, sizes or pads. The
// others stay inputs.
#pragma once

#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"

namespace zp {

// `graph` is the model's graph or a body in it. Returns how many nodes went.
Result<int> constants_to_initializers(Model& model, onnx::GraphProto& graph);

// Returns the names of the inputs that went.
std::vector<std::string> default_inputs_to_constants(Model& model);

}  // namespace zp
