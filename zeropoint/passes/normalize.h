// The order and names that everything after it relies on.
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"

namespace zp {

// Brings the nodes of the graph and of every body into an order in which each stands after those it
// reads. Errors name a node that waits for itself.
Status sort_all_nodes(Model& model);

// Gives the graph's outputs that are declared without a shape the one that ONNX's shape inference
// finds, if it finds one: ONNX's checker asks for it.
void describe_outputs(Model& model);

// Gives each node of the model, bodies included, a name that no other has: its own where it is the
// first to have it, otherwise its own with a number behind it, or where it has none its operator
// and its first output ("Conv_y"). The same model always gets the same names.
void name_nodes(Model& model);

// Raises the IR version to what the model's operator set came with, to 8 at least.
void raise_ir_version(Model& model);

}  // namespace zp
