// Nodes that hand their input on unchanged go.
//
//   before:  x -> Identity -> y -> ...        after:  x -> ...
//
// Identity; Dropout whose training_mode is absent or false and whose mask nobody reads. Where y is
// an output of the graph its name stays: the node that makes x makes y instead, and other readers
// of x read y. Conditions then: a node of this graph makes x, and x is no output itself. Names that
// a body defines are not brought into its sight: a node for which that would happen stays.
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"

namespace zp {

// `graph` is the model's graph or a body in it. Returns how many nodes went.
Result<int> remove_identities(Model& model, onnx::GraphProto& graph);

}  // namespace zp
