// Small constants that say what a node does: axes, shapes, pads, bounds.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/model.h"

namespace zp {

// Whether the node has an input of this number: a value, not left out.
bool has_input(const onnx::NodeProto& node, int input);

// The elements of an int64 or int32 constant that lies in the message; nothing for anything else.
std::optional<std::vector<int64_t>> constant_ints(const GraphIndex& index,
                                                  const onnx::NodeProto& node, int input);
// The one element of a constant of type float, float16 or double; nothing for anything else.
std::optional<double> constant_scalar(const GraphIndex& index, const onnx::NodeProto& node,
                                      int input);

// What opset 13 moved from the attribute `name` to input number `input`, wherever the node has it;
// nothing where it is computed. Absent on both sides it is an empty list.
std::optional<std::vector<int64_t>> ints_of(const GraphIndex& index, const onnx::NodeProto& node,
                                            const char* name, int input);

}  // namespace zp
