// Inputs and outputs that are codes instead of floats (--io int8).
#pragma once

#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/numerics/params.h"

namespace zp {

struct IntegerPort {
  std::string name;  // of the input or output, as it was
  QuantParams params;
};

struct IntegerIo {
  std::vector<IntegerPort> inputs;
  std::vector<IntegerPort> outputs;
  std::vector<std::string> in_float;  // inputs and outputs that stay as they were
};

// Of a model that a plan was applied to: an input that only a QuantizeLinear reads, and an output
// that a DequantizeLinear makes, get the codes' type and keep their names; those two nodes go. The
// model's metadata get "zeropoint.io", which names scale and zero point of each.
Result<IntegerIo> make_io_integer(Model& model);

}  // namespace zp
