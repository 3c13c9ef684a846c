// Which value of a quantized model stands for which inner tensor of the float model.
#pragma once

#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"

namespace zp {

struct TensorPair {
  std::string name;       // in the float model
  std::string op_type;    // of the node that makes it there
  std::string quantized;  // the name in the quantized model

  friend bool operator==(const TensorPair&, const TensorPair&) = default;
};

struct TensorPairs {
  std::vector<TensorPair> pairs;  // in the order of the float model's nodes
  // Inner float tensors of the float model that the quantized one does not have: merged into
  // others, or renamed by the tool that wrote it.
  int64_t unmatched = 0;
};

// Of the main graphs: values of float type (16, 32 or 64 bits) that nodes make out of the inputs,
// without the graph's outputs and without what is constant. A tensor T stands for itself as its
// readers see it, that is in this order, as far as the quantized model has it:
//
//   the result of DequantizeLinear that is called T_dequantized
//   where T goes through QuantizeLinear and DequantizeLinear, what comes out of them
//   the value called T
//
// Errors: those of shape inference.
Result<TensorPairs> match_tensors(const Model& reference, const Model& quantized);

}  // namespace zp
