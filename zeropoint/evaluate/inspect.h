// What is in a model, quantized or not, and what a runtime will make of it, from the model alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/evaluate/macs.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/numerics/range.h"
#include "zeropoint/targets/fusion.h"

namespace zp {

enum class Granularity { kPerTensor, kPerChannel, kBlocked };
// "per tensor", "per channel", "blocked".
std::string_view name(Granularity granularity);

// Scales and zero points, of which there may be many: their ends.
struct ScaleSummary {
  DataType type = DataType::kUndefined;  // of the codes
  Granularity granularity = Granularity::kPerTensor;
  int64_t axis = 0;        // where not per tensor
  int64_t block_size = 0;  // where blocked
  int64_t count = 0;       // of scales; 0 where they are only known when the model runs
  float lowest_scale = 0;
  float highest_scale = 0;
  int32_t lowest_zero_point = 0;
  int32_t highest_zero_point = 0;
};

// A value that a QuantizeLinear reads, or an input of the model that is codes.
struct InspectedActivation {
  std::string tensor;
  ScaleSummary scales;
  std::optional<Range> range;  // of the reals that the codes stand for; over all channels
};

// A constant that is held as codes of at most 16 bits.
struct InspectedWeight {
  std::string tensor;
  std::vector<std::string> nodes;  // that read it
  ScaleSummary scales;
  int64_t elements = 0;
  int64_t channels = 0;  // of its filters, where it is the weight of a product; else 0
  // Different codes that occur, of those that the type has; 0 where they were not looked at.
  int64_t codes_used = 0;
  int64_t codes = 0;
  double saturated = 0;  // share of elements with the lowest or highest code
  // Filters in which two neighbours can saturate the 16-bit sums of x86 without VNNI
  // (plan/pairs.h); nothing where that does not apply.
  std::optional<int64_t> saturating_channels;
};

// int32 codes that a Conv, ConvTranspose or Gemm adds.
struct InspectedBias {
  std::string tensor;
  std::string node;
  int64_t elements = 0;
  int64_t large = 0;  // of a magnitude above 2^24, where float32 no longer holds every integer
  // The largest |scale / (s_input * s_weight) - 1|; nothing where one of them is not known.
  std::optional<double> scale_error;
};

struct InspectedNode {
  int node = 0;      // its number in the main graph
  std::string name;  // that of its first output where it has none
  std::string op_type;
  // Nothing where it does no products.
  std::optional<NodeMacs> macs;
  FusionPrediction prediction;
};

// What is known to go wrong, or slow.
enum class Trap {
  kRefused,               // the runtime does not load or run the model
  kPerChannelActivation,  // one scale a channel on an activation
  kAveragePool,           // OpenVINO averages codes wrongly
  kRequantizedMatMul,     // a QuantizeLinear behind a MatMul that would do without
  kActivationNotImplied,  // a Relu or Clip that keeps the node before it in float
  kMatMulBias,            // a bias that turns an integer MatMul into a float Gemm
  kOwnWeights,            // float weights that the runtime quantizes by itself
  kPairSaturation,        // weights that saturate without VNNI
  kLargeBias,             // int32 codes above 2^24
  kBiasScale,             // a bias scale that is not s_input * s_weight
  kBadScale,              // a scale that is 0, negative or not finite
  kType,                  // a type that the runtime does not take
};
// Stable names: "refused", "per-channel-activation", ...
std::string_view name(Trap trap);
// One sentence: what happens and what to do.
std::string_view explain(Trap trap, Runtime runtime);

struct FoundTrap {
  Trap trap = Trap::kRefused;
  std::string where;   // a node, or a tensor
  std::string detail;  // may be empty
};

struct MacTotals {
  int64_t all = 0;
  int64_t written_int8 = 0;    // NodeMacs::is_int8
  int64_t predicted_int8 = 0;  // Execution::kInt8
  int64_t predicted_weight_only = 0;
};

// Bytes of the constants, by what they are.
struct ConstantSizes {
  size_t floats = 0;
  size_t int8 = 0;
  size_t below_8_bits = 0;
  size_t int16 = 0;
  size_t int32 = 0;   // biases of quantized models
  size_t others = 0;  // shapes, indices, masks, strings
};

struct Inspection {
  std::string model;
  Runtime runtime = Runtime::kOnnxRuntime;
  int64_t ir_version = 0;
  // Of the domains that nodes are of ("" is ONNX's own), and their versions.
  std::vector<std::pair<std::string, int64_t>> opsets;
  std::string producer;                         // name and version
  std::map<std::string, std::string> metadata;  // zeropoint's own, without the plan
  size_t size = 0;                              // bytes of the model and its external data
  ConstantSizes constants;
  std::map<std::string, int64_t> operators;  // how many nodes of each
  bool has_bodies = false;                   // If, Loop or Scan, into whose bodies nobody looked

  std::vector<InspectedNode> nodes;  // those with a prediction, in the graph's order
  std::vector<InspectedActivation> activations;
  std::vector<InspectedWeight> weights;
  std::vector<InspectedBias> biases;
  std::vector<FoundTrap> traps;  // by kind, then in the graph's order

  std::map<ProductKind, MacTotals> macs;
  int64_t macs_unknown = 0;  // nodes whose shapes are not known

  bool is_quantized() const { return !activations.empty() || !weights.empty() || has_integer_ops; }
  bool has_integer_ops = false;  // QLinearConv, MatMulInteger, MatMulNBits, ...
};

// Errors: those of predict_fusion and infer_values_with, and weights that cannot be read.
Result<Inspection> inspect(const Model& model, Runtime runtime,
                           const std::map<std::string, std::vector<int64_t>>& input_shapes = {});

}  // namespace zp
