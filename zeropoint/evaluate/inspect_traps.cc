#include "zeropoint/evaluate/inspect_traps.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "zeropoint/evaluate/inspect_tensors.h"
#include "zeropoint/graph/attributes.h"
#include "zeropoint/targets/fusion_rules.h"
#include "zeropoint/targets/target.h"

namespace zp {
namespace {

// Beyond what float32 does to the product of two scales.
constexpr double kScaleTolerance = 1e-5;

class TrapFinder {
 public:
  TrapFinder(const FusionGraph& graph, const Inspection& inspection)
      : graph_(graph), inspection_(inspection) {}

  std::vector<FoundTrap> run() {
    for (const auto& node : inspection_.nodes) see_prediction(node);
    for (const auto& node : graph_.nodes()) see_node(node);
    for (const auto& weight : inspection_.weights) see_weight(weight);
    for (const auto& bias : inspection_.biases) see_bias(bias);
    see_types();
    std::ranges::stable_sort(traps_, {}, &FoundTrap::trap);
    return std::move(traps_);
  }

 private:
  bool is_onnxruntime() const { return inspection_.runtime == Runtime::kOnnxRuntime; }

  void add(Trap trap, std::string where, std::string detail = "") {
    traps_.push_back({trap, std::move(where), std::move(detail)});
  }

  void see_prediction(const InspectedNode& node) {
    const auto& reason = node.prediction.reason;
    if (node.prediction.execution == Execution::kRefused) add(Trap::kRefused, node.name, reason);
    if (node.prediction.execution == Execution::kInt8 && !reason.empty()) {
      add(Trap::kOwnWeights, node.name);
    }
    if (node.op_type == "MatMul" && node.prediction.execution == Execution::kFloat &&
        reason.find("Gemm") != std::string::npos) {
      add(Trap::kMatMulBias, node.name);
    }
  }

  void see_node(const FusionNode& node) {
    if (node.quantizer) see_quantizer(node);
    if (node.is("Relu") || node.is("Clip")) see_activation(node);
    if (node.is("MatMul")) see_matmul(node);
    if (node.is("AveragePool")) see_average_pool(node);
  }

  void see_quantizer(const FusionNode& node) {
    const Quantizer& quantizer = *node.quantizer;
    const auto is_bad = [](float scale) { return !std::isfinite(scale) || scale <= 0; };
    const auto bad = std::ranges::count_if(quantizer.scales, is_bad);
    if (bad > 0) add(Trap::kBadScale, node.inputs[0], fmt::format("{} of its scales", bad));
    const bool on_activation = node.is_dequantize() && !graph_.is_constant(node.inputs[0]);
    if (on_activation && quantizer.is_constant && quantizer.scales.size() > 1 && is_onnxruntime()) {
      add(Trap::kPerChannelActivation, node.outputs[0],
          fmt::format("{} scales", quantizer.scales.size()));
    }
  }

  // A Relu or Clip between a node that could be one in integers, and its quantizer.
  void see_activation(const FusionNode& node) {
    if (!is_onnxruntime()) return;
    const auto use = graph_.only_use(node.outputs[0]);
    if (!use || !graph_.node(use->node).is_quantize()) return;
    const Quantizer& quantizer = *graph_.node(use->node).quantizer;
    const int maker = graph_.producer(node.inputs[0]);
    if (is_implied_by(node, quantizer) || maker < 0 || graph_.node(maker).quantizer) return;
    const auto& before = graph_.node(maker);
    const bool quantized = !before.inputs.empty() && graph_.dequantize_of(before.inputs[0]);
    if (!quantized) return;
    const auto lowest = code_limits(quantizer.type).first;
    add(Trap::kActivationNotImplied, name_of(*node.proto),
        node.is("Relu") && quantizer.is_scalar()
            ? fmt::format("zero point {} instead of {}", quantizer.zero_point(), lowest)
            : "");
  }

  void see_matmul(const FusionNode& node) {
    if (!is_onnxruntime()) return;
    const auto use = graph_.only_use(node.outputs[0]);
    const bool requantized = use && graph_.node(use->node).is_quantize();
    const FusionNode* data = graph_.dequantize_of(node.inputs[0]);
    const FusionNode* weight = graph_.dequantize_of(node.inputs[1]);
    if (requantized && data && weight) add(Trap::kRequantizedMatMul, name_of(*node.proto));
  }

  void see_average_pool(const FusionNode& node) {
    if (is_onnxruntime()) return;
    const FusionNode* data = graph_.dequantize_of(node.inputs[0]);
    if (!data) return;
    const auto pads = ints_attribute(*node.proto, "pads");
    const bool padded = pads && std::ranges::any_of(*pads, [](int64_t pad) { return pad != 0; });
    const bool counts_padding = padded && int_attribute(*node.proto, "count_include_pad", 0) != 0;
    const auto use = graph_.only_use(node.outputs[0]);
    const bool requantized = use && graph_.node(use->node).is_quantize();
    if (counts_padding && !data->quantizer->is_zero_point_0()) {
      add(Trap::kAveragePool, name_of(*node.proto),
          "it counts padding, and its zero point is not 0: wrong on every processor");
    } else if (requantized) {
      add(Trap::kAveragePool, name_of(*node.proto),
          "a QuantizeLinear follows: wrong on processors without AVX-512");
    }
  }

  void see_weight(const InspectedWeight& weight) {
    if (weight.saturating_channels.value_or(0) == 0) return;
    add(Trap::kPairSaturation, weight.nodes.empty() ? weight.tensor : weight.nodes[0],
        fmt::format("{} of {} channels", *weight.saturating_channels, weight.channels));
  }

  void see_bias(const InspectedBias& bias) {
    if (bias.large > 0) {
      add(Trap::kLargeBias, bias.node,
          fmt::format("{} of {} codes are above 2^24", bias.large, bias.elements));
    }
    if (bias.scale_error.value_or(0) > kScaleTolerance) {
      add(Trap::kBiasScale, bias.node,
          fmt::format("off by {:.3g} %", 100 * bias.scale_error.value()));
    }
  }

  void see_types() {
    const auto target = find_target(name(inspection_.runtime));
    if (!target) return;
    std::set<std::string_view> types;
    for (const auto& activation : inspection_.activations) {
      types.insert(name(activation.scales.type));
    }
    note_types(types, (*target)->activation_types, "activations");
    types.clear();
    for (const auto& weight : inspection_.weights) types.insert(name(weight.scales.type));
    note_types(types, (*target)->weight_types, "weights");
  }

  void note_types(const std::set<std::string_view>& found, const std::vector<IntType>& known,
                  std::string_view what) {
    for (const auto type : found) {
      const auto same = [&](const IntType& one) { return one.name() == type; };
      if (std::ranges::none_of(known, same)) add(Trap::kType, std::string(what), std::string(type));
    }
  }

  const FusionGraph& graph_;
  const Inspection& inspection_;
  std::vector<FoundTrap> traps_;
};

}  // namespace

std::string_view name(Trap trap) {
  switch (trap) {
    case Trap::kRefused:
      return "refused";
    case Trap::kPerChannelActivation:
      return "per-channel-activation";
    case Trap::kAveragePool:
      return "average-pool";
    case Trap::kRequantizedMatMul:
      return "requantized-matmul";
    case Trap::kActivationNotImplied:
      return "activation-not-implied";
    case Trap::kMatMulBias:
      return "matmul-bias";
    case Trap::kOwnWeights:
      return "own-weights";
    case Trap::kPairSaturation:
      return "pair-saturation";
    case Trap::kLargeBias:
      return "large-bias";
    case Trap::kBiasScale:
      return "bias-scale";
    case Trap::kBadScale:
      return "bad-scale";
    case Trap::kType:
      break;
  }
  return "type";
}

std::string_view explain(Trap trap, Runtime runtime) {
  const bool onnxruntime = runtime == Runtime::kOnnxRuntime;
  switch (trap) {
    case Trap::kRefused:
      return onnxruntime ? "ONNX Runtime does not load or run the model"
                         : "OpenVINO does not load the model";
    case Trap::kPerChannelActivation:
      return "one scale a channel on an activation: correct at best, and many times slower; use "
             "one scale and a float Mul behind it";
    case Trap::kAveragePool:
      return "OpenVINO averages codes wrongly; leave the pool in float, or make it a "
             "GlobalAveragePool";
    case Trap::kRequantizedMatMul:
      return "a MatMul needs no QuantizeLinear behind it: with a float output it loses less and is "
             "as fast";
    case Trap::kActivationNotImplied:
      return "the node before it stays in float, slower than without quantization; give the "
             "quantizer its lowest code as zero point and a range within the limits";
    case Trap::kMatMulBias:
      return "a float bias behind an integer MatMul makes both a float Gemm; give the bias two "
             "dimensions [1, n], or int32 codes";
    case Trap::kOwnWeights:
      return "float weights between quantizers: ONNX Runtime quantizes them itself, per tensor";
    case Trap::kPairSaturation:
      return "neighbouring weights can saturate 16-bit sums on processors without VNNI";
    case Trap::kLargeBias:
      return "float32 does not hold such codes exactly; raise the channel's weight scale";
    case Trap::kBiasScale:
      return onnxruntime ? "the scale of the bias is not that of the input times that of the "
                           "weights: a Conv may stay in float, a Gemm computes something else"
                         : "the scale of the bias is not that of the input times that of the "
                           "weights";
    case Trap::kBadScale:
      return "a scale must be above 0 and finite";
    case Trap::kType:
      break;
  }
  return onnxruntime ? "ONNX Runtime has no integer kernels for this type"
                     : "OpenVINO has no integer kernels for this type";
}

std::vector<FoundTrap> find_traps(const FusionGraph& graph, const Inspection& inspection) {
  return TrapFinder(graph, inspection).run();
}

}  // namespace zp
