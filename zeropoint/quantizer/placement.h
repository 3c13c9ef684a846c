// Which nodes compute in integers and where Q/DQ stand, by the rules of a target.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/graph/values.h"
#include "zeropoint/plan/plan.h"
#include "zeropoint/quantizer/calibrate.h"
#include "zeropoint/targets/target.h"

namespace zp {

struct PlacedNode {
  bool quantized = false;
  std::string reason;
};

struct PlacedTensor {
  std::string tensor;
  Readers readers = Readers::kQuantized;
  // Tensors of one group hold the same values, moved or chosen, and share their parameters.
  int group = 0;
};

// A constant that a quantized node reads as it reads an activation.
struct PlacedConstant {
  int node = 0;
  int input = 0;
  std::string tensor;
  // Of the tensors whose parameters it has; nothing: it has its own.
  std::optional<int> group = std::nullopt;
  bool has_row_scales = false;  // one a row, along axis 0; then it has no group
};

struct GraphPlacement {
  std::vector<PlacedNode> nodes;          // one for each node of the graph
  std::vector<PlacedTensor> tensors;      // in the order of the graph
  std::vector<PlacedConstant> constants;  // the same
};

// What the user asked for, one for each node of the graph.
enum class Choice {
  kByRule,
  kInteger,  // also where a rule holds on request only
  kFloat,
};

// Values that cannot have parameters, by name, and why.
using WithoutParameters = std::map<std::string, std::string>;

// Whether float outputs of the graph get parameters in any case.
enum class Outputs { kByRule, kQuantized };

// `model` must have been prepared: weights are initializers, nodes are sorted and have names. A
// node is quantized where the target has a rule for its operator, its data are float32 and its
// weights constant; an operator between weighted ones is quantized where all its inputs are, and
// where its output reaches a weighted node again (a tail that leads to outputs only stays in
// float). For targets that compute everything in integers each operator with a rule is quantized.
// Products of two activations and tables (node_rules.h) are quantized where the target says so or,
// where it leaves that to the user, `choices` ask for them.
GraphPlacement place(const Model& model, const ValueInfos& values, const Target& target,
                     const std::vector<Choice>& choices, Outputs outputs = Outputs::kByRule,
                     const WithoutParameters& without = {});

// The tensors that a plan for any of the targets may ask about, in the order of the graph, what is
// added to masks included (mask_values.h); by channel where the weights of a node multiply them.
std::vector<ObservedTensor> tensors_to_observe(const Model& model, const ValueInfos& values,
                                               std::span<const Target> targets);

// The Relu or Clip that a runtime computes as part of the node whose output number 0 it alone
// reads; -1 where there is none.
int fused_activation(const onnx::GraphProto& graph, const GraphIndex& index, int node);

}  // namespace zp
