// Everything of a kind that a model holds, wherever it is nested.
#pragma once

#include <functional>

#include "zeropoint/graph/proto.h"

namespace zp {

// Calls visit for the graph and for every body inside its nodes, outermost first.
void for_each_graph(onnx::GraphProto& graph, const std::function<void(onnx::GraphProto&)>& visit);
void for_each_graph(const onnx::GraphProto& graph,
                    const std::function<void(const onnx::GraphProto&)>& visit);

// Calls visit for every TensorProto that the model holds: initializers (sparse ones by their parts)
// and attributes, of all graphs and local functions.
void for_each_tensor(onnx::ModelProto& model, const std::function<void(onnx::TensorProto&)>& visit);
void for_each_tensor(const onnx::ModelProto& model,
                     const std::function<void(const onnx::TensorProto&)>& visit);

}  // namespace zp
