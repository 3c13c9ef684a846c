// x * sigmoid(x) as one node.
#pragma once

#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/model.h"

namespace zp {

// The output of x * sigmoid(x), made of a Sigmoid and a Mul that are all that reads x, and of which
// nothing else reads the Sigmoid; "" where x is read otherwise.
std::string silu_of(const onnx::GraphProto& graph, const GraphIndex& index, const std::string& x);

//   x -> Sigmoid -> s, Mul(x, s) -> y    becomes    x -> com.microsoft QuickGelu (alpha 1) -> y
//
// for each of these x. ONNX Runtime makes this of the two nodes by itself, but not where x comes
// from a DequantizeLinear, of which it gives each reader one of its own. OpenVINO reads it too.
// Errors: an x of which silu_of() is "".
Status use_quick_gelu(Model& model, const std::vector<std::string>& inputs);

}  // namespace zp
