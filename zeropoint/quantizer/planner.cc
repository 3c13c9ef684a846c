#include "zeropoint/quantizer/planner.h"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <limits>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/numerics/quantize.h"
#include "zeropoint/passes/rescale_channels.h"
#include "zeropoint/plan/planned_codes.h"
#include "zeropoint/quantizer/weight_scales.h"
#include "zeropoint/quantizer/weighted_node.h"

namespace zp {
namespace {

constexpr int64_t kOpsetOf8Bits = 13;   // DequantizeLinear per channel
constexpr int64_t kOpsetOfOthers = 21;  // 16 and 4 bits

class Planner {
 public:
  Planner(const Model& model, const Observers& observers, const PlanOptions& options)
      : model_(model), observers_(observers), options_(options), index_(model.graph()) {
    for (const auto& scales : options.rewrites.channel_scales) {
      scales_.emplace(rescaled_name(scales.tensor), &scales);
    }
  }

  // Whether a weighted node has a weight: a product of two activations has none.
  bool has_weight(const onnx::NodeProto& node) const {
    return index_.constant(node.input(1)) != nullptr;
  }

  // The weights and the bias of a quantized weighted node.
  Status plan_weights(const onnx::NodeProto& node, const Plan& plan, NodePlan& node_plan) {
    const Target& target = *options_.target;
    const onnx::TensorProto& proto = *index_.constant(node.input(1));
    ZP_ASSIGN_OR_RETURN(const Tensor weight, model_.read(proto));
    const ActivationPlan* input = find_activation(plan, node.input(0));
    const auto scales_of_input = scales_.find(node.input(0));
    const bool rescaled = scales_of_input != scales_.end();
    const auto observer =
        observers_.find(rescaled ? scales_of_input->second->tensor : node.input(0));
    if (!input || observer == observers_.end()) {
      return invalid_data(fmt::format("its data \"{}\" were not observed", node.input(0)));
    }
    const bool product = is_op(node, "MatMul");
    ScaleOptions scale_options;
    scale_options.type = options_.weights;
    scale_options.narrow = target.weight_narrow;
    scale_options.per_channel = options_.per_channel && (!product || target.per_channel_matmul);
    scale_options.input_scale = input->params.scale;
    scale_options.mean_is_corrected = !product;
    const bool held = target.pairs_saturate && options_.cpu != Cpu::kVnni &&
                      options_.weights == IntType::kInt8 && input->params.type == IntType::kUint8 &&
                      !is_op(node, "ConvTranspose");
    scale_options.pairs = held ? PairSafety::kHeld : PairSafety::kNone;

    WeightPlan plan_of;
    plan_of.tensor = node.input(1);
    plan_of.type = options_.weights;
    plan_of.narrow = target.weight_narrow;
    plan_of.pair_safe = held;
    if (scale_options.per_channel) plan_of.axis = output_axis(node);
    const int64_t channels = weight.shape().dim(static_cast<int>(output_axis(node)));
    ZP_ASSIGN_OR_RETURN(std::vector<float> bias, bias_of(node, channels));
    const auto dims = weight.shape().dims();
    InputMoments moments = input_moments(node, dims, observer->second);
    if (rescaled) divide(moments, scales_of_input->second->scales);
    auto scales = choose_weight_scales(node, weight, bias, moments, scale_options);
    if (!scales) {
      return tl::unexpected<Error>(
          std::move(scales).error().at(fmt::format("weight \"{}\"", node.input(1))));
    }
    plan_of.scales = *std::move(scales);
    if (!options_.weights.is_signed()) {
      plan_of.zero_points.assign(plan_of.scales.size(), options_.weights.middle());
    }
    if (!product) {
      ZP_RETURN_IF_ERROR(
          plan_bias(node, weight, bias, moments, input->params.scale, plan_of, node_plan));
    }
    node_plan.weights.push_back(std::move(plan_of));
    return {};
  }

 private:
  Result<std::vector<float>> bias_of(const onnx::NodeProto& node, int64_t channels) {
    if (node.input_size() < 3 || node.input(2).empty()) return std::vector<float>();
    ZP_ASSIGN_OR_RETURN(const Tensor value, model_.read(*index_.constant(node.input(2))));
    ZP_ASSIGN_OR_RETURN(auto floats, to_floats(value));
    if (floats.size() == 1) floats.resize(static_cast<size_t>(channels), floats[0]);
    return floats;
  }

  // With the scales that the corrected bias needs: what rounding takes from the mean of a channel
  // of tiny weights may be much more than its bias.
  Status plan_bias(const onnx::NodeProto& node, const Tensor& weight,
                   std::span<const float> float_bias, const InputMoments& moments,
                   float input_scale, WeightPlan& weight_plan, NodePlan& node_plan) {
    BiasPlan bias;
    if (node.input_size() > 2) bias.tensor = node.input(2);
    bias.in_float = options_.target->bias == BiasForm::kFloat;
    const Filters filters = filters_of(node, weight.shape().dims());
    const int32_t zero_point = weight_plan.zero_points.empty() ? 0 : weight_plan.zero_points[0];
    ZP_ASSIGN_OR_RETURN(const auto floats, to_floats(weight));
    for (bool raised = true; raised;) {
      ZP_ASSIGN_OR_RETURN(auto codes, planned_codes(weight, weight_plan, &filters));
      for (int32_t& code : codes) code -= zero_point;
      bias.correction = bias_correction(filters, floats, codes, weight_plan.scales, moments);
      std::vector<float> corrected = bias.correction;
      for (size_t o = 0; o < float_bias.size(); ++o) corrected[o] += float_bias[o];
      raised = !bias.in_float && raise_for_biases(weight_plan.scales, corrected, input_scale);
    }
    const bool corrects =
        std::ranges::any_of(bias.correction, [](float shift) { return shift != 0; });
    if (!corrects) bias.correction.clear();
    if (!bias.tensor.empty() || corrects) node_plan.bias = std::move(bias);
    return {};
  }

  const Model& model_;
  const Observers& observers_;
  const PlanOptions& options_;
  GraphIndex index_;
  std::map<std::string, const ChannelScales*> scales_;  // by the rescaled tensor
};

// Nodes whose rule turns out not to hold once parameters are known, and why.
using Leaving = std::map<int, std::string>;

// Averages that were placed between codes with a zero point, where the target cannot have that.
void leave_averages(const onnx::GraphProto& graph, const GraphPlacement& placement,
                    const ChosenParameters& chosen, const Target& target, Leaving& leaving) {
  for (int i = 0; i < graph.node_size() && target.average_needs_zero_point_0; ++i) {
    const auto op = target.ops.find(graph.node(i).op_type());
    if (!placement.nodes[static_cast<size_t>(i)].quantized || op == target.ops.end() ||
        op->second != OpRole::kPool) {
      continue;
    }
    const auto input =
        std::ranges::find(chosen.activations, graph.node(i).input(0), &ActivationPlan::tensor);
    if (input != chosen.activations.end() && input->params.zero_point != 0) {
      leaving[i] = "OpenVINO computes wrong averages of codes whose zero point is not 0";
    }
  }
}

// What codes leave of some values, as a ratio of signal to noise in dB; values beyond the codes
// count as what they are cut to.
double rounding_sqnr_db(std::span<const float> values, const QuantParams& params) {
  double signal = 0;
  double noise = 0;
  const double low = dequantize(params.codes().qmin, params);
  const double high = dequantize(params.codes().qmax, params);
  for (const float value : values) {
    const double x = std::clamp(double{value}, low, high);
    const double error = x - double{dequantize(quantize(value, params), params)};
    signal += x * x;
    noise += error * error;
  }
  return noise > 0 ? 10 * std::log10(signal / noise) : std::numeric_limits<double>::infinity();
}

// Of the rows that are looked up in a table, the one in the middle: one large row must not speak
// for all.
double median_row_sqnr_db(std::span<const float> values, size_t rows, const QuantParams& params) {
  const size_t length = rows > 0 ? values.size() / rows : 0;
  std::vector<double> ratios;
  for (size_t row = 0; row < rows; ++row) {
    ratios.push_back(rounding_sqnr_db(values.subspan(row * length, length), params));
  }
  if (ratios.empty()) return std::numeric_limits<double>::infinity();
  const auto middle = ratios.begin() + static_cast<ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  return *middle;
}

// Tables that one scale does not serve: rows of very different size in an embedding; anything that
// is not nearly exact elsewhere, where tables are small and hold positions or masks.
Status leave_tables(const Model& model, const GraphPlacement& placement,
                    const ChosenParameters& chosen, const Target& target, Leaving& leaving) {
  constexpr double kLeastOfEmbedding = 30;  // dB
  constexpr double kLeastOfOthers = 60;
  if (target.integer_only) return {};
  const GraphIndex index(model.graph());
  for (size_t i = 0; i < placement.constants.size(); ++i) {
    const auto& constant = placement.constants[i];
    if (!constant.group) continue;
    ZP_ASSIGN_OR_RETURN(const Tensor value, model.read(*index.constant(constant.tensor)));
    ZP_ASSIGN_OR_RETURN(const auto floats, to_floats(value));
    const WeightPlan& plan = chosen.constants[i];
    const QuantParams params{plan.type, plan.narrow, plan.scales[0], plan.zero_points[0]};
    const auto& node = model.graph().node(constant.node);
    const bool embedding = is_op(node, "Gather") && int_attribute(node, "axis", 0) == 0;
    const auto rows = static_cast<size_t>(embedding ? value.shape().dim(0) : 1);
    const double sqnr = median_row_sqnr_db(floats, rows, params);
    if (sqnr < (embedding ? kLeastOfEmbedding : kLeastOfOthers)) {
      leaving[constant.node] =
          fmt::format("one scale leaves {} {:.0f} dB of signal to noise",
                      embedding ? "half of its table's rows less than" : "its constant", sqnr);
    }
  }
  return {};
}

template <class Types>
std::string names_of(const Types& types) {
  std::string names;
  for (const IntType type : types) names += (names.empty() ? "" : ", ") + type.name();
  return names;
}

}  // namespace

int64_t needed_opset(const PlanOptions& options) {
  const bool bytes = options.activations.bits() == 8 && options.weights.bits() == 8;
  return bytes ? kOpsetOf8Bits : kOpsetOfOthers;
}

Status check(const PlanOptions& options) {
  const Target& target = *options.target;
  if (std::ranges::find(target.activation_types, options.activations) ==
      target.activation_types.end()) {
    return invalid_argument(fmt::format("target {} has no {} activations; expected one of {}",
                                        target.name, options.activations.name(),
                                        names_of(target.activation_types)));
  }
  if (std::ranges::find(target.weight_types, options.weights) == target.weight_types.end()) {
    return invalid_argument(fmt::format("target {} has no {} weights; expected one of {}",
                                        target.name, options.weights.name(),
                                        names_of(target.weight_types)));
  }
  return {};
}

Result<Plan> make_plan(const Model& model, const ValueInfos& values, const Observers& observers,
                       const PlanOptions& options) {
  ZP_RETURN_IF_ERROR(check(options));
  const Target& target = *options.target;
  std::vector<Choice> choices = options.choices;
  choices.resize(static_cast<size_t>(model.graph().node_size()), Choice::kByRule);
  WithoutParameters without;
  const auto place_chosen = [&] {
    return place(model, values, target, choices,
                 options.integer_io ? Outputs::kQuantized : Outputs::kByRule, without);
  };
  GraphPlacement placement = place_chosen();
  Plan plan;
  plan.tool = "zeropoint " ZP_VERSION;
  plan.target = target.name;
  ZP_ASSIGN_OR_RETURN(const Hash128 hash, model.hash());
  plan.model_hash = hash.hex();
  plan.options = options.given;
  plan.rewrites = options.rewrites;
  plan.weight_q_dq = target.weight_q_dq;
  plan.opset = needed_opset(options);
  ActivationOptions activation_options{
      &target, options.activations, options.ranges, options.overrides, {}};
  for (const auto& [tensor, range] : options.rescaled_ranges) {
    activation_options.known.emplace(rescaled_name(tensor), range);
  }
  ZP_ASSIGN_OR_RETURN(const Observers constants, observe_constants(model, placement));
  const Observed observed{observers, constants};
  without = values_without_parameters(model, placement, observed, activation_options);
  if (!without.empty()) placement = place_chosen();
  ZP_ASSIGN_OR_RETURN(ChosenParameters chosen,
                      choose_activations(model, placement, observed, activation_options));
  // Parameters are known only now; without such a node other tensors may go without theirs.
  Leaving leaving;
  leave_averages(model.graph(), placement, chosen, target, leaving);
  ZP_RETURN_IF_ERROR(leave_tables(model, placement, chosen, target, leaving));
  if (!leaving.empty()) {
    for (const auto& [node, unused] : leaving) choices[static_cast<size_t>(node)] = Choice::kFloat;
    placement = place_chosen();
    for (const auto& [node, reason] : leaving) {
      placement.nodes[static_cast<size_t>(node)].reason = reason;
    }
    ZP_ASSIGN_OR_RETURN(chosen, choose_activations(model, placement, observed, activation_options));
  }
  plan.activations = std::move(chosen.activations);
  Planner planner(model, observers, options);
  for (int i = 0; i < model.graph().node_size(); ++i) {
    const auto& node = model.graph().node(i);
    const auto& placed = placement.nodes[static_cast<size_t>(i)];
    NodePlan& node_plan = plan.nodes.emplace_back();
    node_plan.node = node.name();
    node_plan.op_type = node.op_type();
    node_plan.quantized = placed.quantized;
    node_plan.reason = placed.reason;
    if (!placed.quantized || !is_weighted(node) || !planner.has_weight(node)) continue;
    const Status status = planner.plan_weights(node, plan, node_plan);
    if (!status) return tl::unexpected<Error>(Error(status.error()).at(describe(node)));
  }
  for (size_t i = 0; i < placement.constants.size(); ++i) {
    const auto node = static_cast<size_t>(placement.constants[i].node);
    plan.nodes[node].weights.push_back(std::move(chosen.constants[i]));
  }
  return plan;
}

}  // namespace zp
