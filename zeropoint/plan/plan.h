// What is to be done to a model, decided in full: which tensors get which parameters, which nodes
// compute in integers and which stay in float, and why. A plan is a value: it can be written as
// JSON, edited by hand and applied (apply.h), which decides nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "zeropoint/numerics/params.h"
#include "zeropoint/numerics/range.h"

namespace zp {

inline constexpr int kPlanVersion = 1;

// Who reads the quantized form of a tensor.
enum class Readers {
  kAll,        // every reader: the producer then writes codes, so that a runtime can fuse its Q
  kQuantized,  // only nodes that the plan quantizes; the others read the float values
};

// One QuantizeLinear and DequantizeLinear behind an activation.
struct ActivationPlan {
  std::string tensor;  // the value in the prepared model
  QuantParams params;
  Readers readers = Readers::kQuantized;
  Range range;         // the reals that it was chosen for
  std::string reason;  // where the range comes from, in a few words
  // Lower values are masks before a Softmax, and count as the range's lowest one.
  bool cut_below = false;
};

// The codes of a weight: round-half-to-even(w / scale) + zero point, saturated, for each channel;
// or chosen one by one.
struct WeightPlan {
  std::string tensor;  // the initializer
  int input = 1;       // of the node
  IntType type = IntType::kInt8;
  NarrowRange narrow = NarrowRange::kYes;
  std::optional<int64_t> axis;       // of the channels; nothing: one scale for all
  std::vector<float> scales;         // one, or one a channel
  std::vector<int32_t> zero_points;  // as many; empty: all 0
  // The codes themselves, one an element in the order of the tensor; empty: by rounding.
  std::vector<int32_t> codes;
  // Neighbouring codes (numerics of vpmaddubsw, pairs.h) are held to what 16 bits can take.
  bool pair_safe = false;
};

// int32 codes of a bias with scale s_input * s_weight and zero point 0.
struct BiasPlan {
  std::string tensor;  // the initializer; empty where the node has no bias yet
  int input = 2;       // of the node
  // What is added to the float bias before it is rounded, one a channel; empty: nothing.
  std::vector<float> correction;
  bool in_float = false;  // stays a float initializer, as TensorRT wants it
};

// What the target's runtime makes of a node of the quantized model, predicted: in the words of
// targets/fusion.h.
struct RunPrediction {
  std::string execution;  // "int8", "absorbed", "elementwise", "float", ...
  std::string as;         // the operator that is executed instead: "QLinearConv"; or empty
  std::string reason;     // why a quantized node does not run in integers; or empty
};

struct NodePlan {
  std::string node;
  std::string op_type;
  bool quantized = false;
  std::string reason;               // why so
  std::vector<WeightPlan> weights;  // of a quantized node that has some
  std::optional<BiasPlan> bias = std::nullopt;
  // Nothing for runtimes whose behaviour was not measured, and for arithmetic on shapes. For the
  // reader: applying a plan does not look at it.
  std::optional<RunPrediction> runs = std::nullopt;
};

// A tensor whose channels are divided by factors before it is quantized
// (passes/rescale_channels.h).
struct ChannelScales {
  std::string tensor;
  int64_t axis = -3;          // of the channels, counted from the end: -1 is the last
  std::vector<float> scales;  // positive, one a channel
};

// What is changed in the prepared model before anything is quantized; the rest of a plan speaks of
// the model after that.
struct Rewrites {
  std::vector<ChannelScales> channel_scales;
  // Each x whose x * sigmoid(x) becomes one node (passes/use_quick_gelu.h).
  std::vector<std::string> quick_gelu;

  bool empty() const { return channel_scales.empty() && quick_gelu.empty(); }
};

struct Plan {
  int version = kPlanVersion;
  std::string tool;                            // "zeropoint 0.1.0"
  std::string target;                          // "onnxruntime"
  std::string model_hash;                      // of the model that it speaks of
  std::map<std::string, std::string> options;  // as the user gave them
  int64_t opset = 13;                          // the least that the types need
  bool weight_q_dq = false;  // weights as float -> QuantizeLinear -> DequantizeLinear
  Rewrites rewrites;
  std::vector<ActivationPlan> activations;  // in the order of the graph
  std::vector<NodePlan> nodes;              // every node of the main graph, in its order
};

// The entry of this tensor or node, or nullptr.
const ActivationPlan* find_activation(const Plan& plan, const std::string& tensor);
const NodePlan* find_node(const Plan& plan, const std::string& node);

}  // namespace zp
