// What inspect says of quantized tensors.
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/evaluate/inspect.h"
#include "zeropoint/targets/fusion_graph.h"

namespace zp {

struct InspectedTensors {
  std::vector<InspectedActivation> activations;
  std::vector<InspectedWeight> weights;
  std::vector<InspectedBias> biases;
};

// In the order of the graph. Errors name the weight that cannot be read.
Result<InspectedTensors> inspect_tensors(const Model& model, const FusionGraph& graph);

// A node's name, or that of its first output where it has none.
std::string name_of(const onnx::NodeProto& node);

}  // namespace zp
