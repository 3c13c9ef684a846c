#include "zeropoint/quantizer/activation_params.h"

#include <fnmatch.h>

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <optional>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/quantizer/mask_values.h"
#include "zeropoint/quantizer/weighted_node.h"

namespace zp {
namespace {

// HardSwish and HardSigmoid are 0 below -3 exactly; SiLU and GELU are within 0.003 of 0 below -8.
constexpr double kHardCut = -3;
constexpr double kSoftCut = -8;

bool is_gelu(const onnx::NodeProto& node) {
  return is_op(node, "Gelu") || node.op_type() == "QuickGelu";
}

// Whether the node is x * sigmoid(x), seen from the Sigmoid or from the Mul.
bool is_silu_part(const onnx::GraphProto& graph, const GraphIndex& index, const std::string& tensor,
                  const onnx::NodeProto& reader) {
  if (is_op(reader, "Sigmoid")) {
    const int product = index.only_reader(reader.output(0));
    return product >= 0 && is_op(graph.node(product), "Mul") &&
           (graph.node(product).input(0) == tensor || graph.node(product).input(1) == tensor);
  }
  if (!is_op(reader, "Mul") || reader.input_size() != 2) return false;
  const auto& other = reader.input(0) == tensor ? reader.input(1) : reader.input(0);
  const int maker = index.producer(other);
  return maker >= 0 && is_op(graph.node(maker), "Sigmoid") &&
         graph.node(maker).input(0) == tensor && index.only_reader(other) >= 0;
}

// Whether the value goes into or comes out of x * sigmoid(x), HardSwish or GELU. Their few large
// values say little: leaving out one in ten thousand gains more than it costs
// (docs/quantization.md).
bool is_at_soft_gate(const onnx::GraphProto& graph, const GraphIndex& index,
                     const std::string& tensor) {
  if (flat_below(graph, index, tensor)) return true;
  const int maker = index.producer(tensor);
  if (maker < 0) return false;
  const auto& node = graph.node(maker);
  if (is_op(node, "HardSwish") || is_gelu(node)) return true;
  return is_op(node, "Mul") && node.input_size() == 2 &&
         (is_silu_part(graph, index, node.input(0), node) ||
          is_silu_part(graph, index, node.input(1), node));
}

// The value of a reader's weights, whose finite values count whatever else there is.
bool is_read_by_weights(const onnx::GraphProto& graph, const GraphIndex& index,
                        const std::string& tensor) {
  return std::ranges::any_of(index.uses(tensor), [&](const Use& use) {
    return use.input == 0 && is_weighted(graph.node(use.node));
  });
}

template <class T>
Result<T> at_tensor(Result<T> result, const std::string& tensor) {
  if (result) return result;
  return tl::unexpected<Error>(std::move(result).error().at(fmt::format("tensor \"{}\"", tensor)));
}

class Chooser {
 public:
  Chooser(const Model& model, const GraphPlacement& placement, const Observed& observed,
          const ActivationOptions& options)
      : model_(model),
        graph_(model.graph()),
        index_(graph_),
        placement_(placement),
        observed_(observed),
        options_(options),
        params_{options.target->convention, options.target->activation_scheme} {}

  Result<ChosenParameters> run() {
    ChosenParameters chosen;
    for (const auto& tensor : placement_.tensors) {
      ZP_ASSIGN_OR_RETURN(ActivationPlan plan, at_tensor(choose_own(tensor), tensor.tensor));
      join(groups_[tensor.group], plan);
      chosen.activations.push_back(std::move(plan));
    }
    std::vector<Range> own;
    for (const auto& constant : placement_.constants) {
      ZP_ASSIGN_OR_RETURN(const Range range,
                          at_tensor(constant_range(constant.tensor), constant.tensor));
      own.push_back(range);
      if (constant.group) widen(groups_[*constant.group], range);
    }
    for (size_t i = 0; i < chosen.activations.size(); ++i) {
      ActivationPlan& plan = chosen.activations[i];
      ZP_RETURN_IF_ERROR(settle(groups_.at(placement_.tensors[i].group), plan));
    }
    for (size_t i = 0; i < own.size(); ++i) {
      const auto& constant = placement_.constants[i];
      const Group alone{own[i]};
      ZP_ASSIGN_OR_RETURN(
          WeightPlan plan,
          at_tensor(constant.has_row_scales
                        ? row_plan(constant)
                        : plan_with(constant, constant.group ? groups_.at(*constant.group) : alone),
                    constant.tensor));
      chosen.constants.push_back(std::move(plan));
    }
    return chosen;
  }

  std::optional<std::string> why_without(const std::string& tensor) const {
    const RangeMethod* override_ = override_of(tensor);
    if (fixed_output(tensor) || (override_ && override_->kind == RangeKind::kGiven)) {
      return std::nullopt;
    }
    const Observer* observer = observed_.find(tensor);
    if (!observer) return std::nullopt;
    const auto& seen = observer->extremes();
    if (seen.finite() == 0) return "no finite value of it was seen";
    const bool cut = mask_of(tensor).has_value() && seen.positive_infinity == 0;
    if (seen.positive_infinity + seen.negative_infinity == 0 || cut) return std::nullopt;
    if (is_read_by_weights(graph_, index_, tensor)) return std::nullopt;
    return "infinities were seen of it";
  }

 private:
  // What tensors have in common that share their parameters.
  struct Group {
    std::optional<Range> range;
    const FixedOutput* fixed = nullptr;
    bool is_clipped = false;    // a Clip makes one of them
    bool is_symmetric = false;  // one of them wants the middle zero point
  };

  static void widen(Group& group, Range range) {
    group.range = group.range ? group.range->widened_to(range.min).widened_to(range.max) : range;
  }

  void join(Group& group, const ActivationPlan& plan) const {
    widen(group, plan.range);
    if (const FixedOutput* fixed = fixed_output(plan.tensor)) group.fixed = fixed;
    const int maker = index_.producer(plan.tensor);
    group.is_clipped = group.is_clipped || (maker >= 0 && is_op(graph_.node(maker), "Clip"));
    group.is_symmetric = group.is_symmetric || is_second_factor(plan.tensor);
  }

  // Whether a product of two activations reads the tensor as its second factor, and the target
  // wants the middle zero point there.
  bool is_second_factor(const std::string& tensor) const {
    return options_.target->product_needs_middle_zero_point &&
           std::ranges::any_of(index_.uses(tensor), [&](const Use& use) {
             return use.input == 1 && is_op(graph_.node(use.node), "MatMul") &&
                    placement_.nodes[static_cast<size_t>(use.node)].quantized;
           });
  }

  // The range and the parameters that the tensor has in the end.
  Status settle(const Group& group, ActivationPlan& plan) const {
    if (!(*group.range == plan.range)) {
      plan.range = *group.range;
      plan.reason += ", widened to the range that it shares";
    }
    Group own = group;
    // Beside values that need more, a fixed output keeps what the target fixes.
    if (const FixedOutput* fixed = fixed_output(plan.tensor)) own = {fixed->range, fixed};
    ZP_ASSIGN_OR_RETURN(plan.params, at_tensor(params_of(own), plan.tensor));
    return {};
  }

  const FixedOutput* fixed_output(const std::string& tensor) const {
    const int maker = index_.producer(tensor);
    if (maker < 0) return nullptr;
    const auto found = options_.target->fixed_outputs.find(graph_.node(maker).op_type());
    return found == options_.target->fixed_outputs.end() ? nullptr : &found->second;
  }

  const RangeMethod* override_of(const std::string& tensor) const {
    for (const auto& override_ : options_.overrides) {
      if (::fnmatch(override_.pattern.c_str(), tensor.c_str(), 0) == 0) return &override_.method;
    }
    return nullptr;
  }

  Result<ActivationPlan> choose_own(const PlacedTensor& placed) {
    ActivationPlan plan;
    plan.tensor = placed.tensor;
    plan.readers = placed.readers;
    if (const FixedOutput* fixed = fixed_output(placed.tensor)) {
      plan.range = fixed->range;
      plan.reason = "the range of its operator";
      return plan;
    }
    if (const auto known = options_.known.find(placed.tensor); known != options_.known.end()) {
      plan.range = known->second.widened_to(0);
      plan.reason = "the channels' ranges over their scales";
      return plan;
    }
    const RangeMethod* override_ = override_of(placed.tensor);
    RangeMethod method = override_ ? *override_ : options_.ranges;
    const auto mask = mask_of(placed.tensor);
    if (!override_ && mask) {
      method = {};
    } else if (!override_ && method.kind == RangeKind::kMinMax &&
               is_at_soft_gate(graph_, index_, placed.tensor)) {
      method.kind = RangeKind::kPercentile;
    }
    plan.reason = method.name();
    if (method.kind == RangeKind::kGiven) {
      plan.range = method.given;
    } else {
      const Observer* observer = observed_.find(placed.tensor);
      if (!observer) return invalid_data("it was not observed");
      ZP_ASSIGN_OR_RETURN(plan.range, choose_range(*observer, method, options_.type, params_));
    }
    plan.range = plan.range.widened_to(0);
    if (mask && !override_) {
      plan.range.min = std::min(*mask, 0.0);
      plan.cut_below = true;
      plan.reason += fmt::format(", its masks cut at {:.4g}", *mask);
    }
    if (const auto cut = flat_below(graph_, index_, placed.tensor);
        cut && !override_ && plan.range.min < *cut) {
      plan.range.min = *cut;
      plan.reason += fmt::format(", cut at {}: its readers give 0 below", *cut);
    }
    plan.range = at_least(plan.range);
    return plan;
  }

  Range at_least(Range range) const {
    const double missing = options_.target->least_width - range.width();
    if (missing > 0) range.max += missing;
    return range;
  }

  Result<WeightPlan> plan_with(const PlacedConstant& constant, const Group& group) const {
    ZP_ASSIGN_OR_RETURN(const QuantParams params, params_of(group));
    WeightPlan plan;
    plan.tensor = constant.tensor;
    plan.input = constant.input;
    plan.type = params.type;
    plan.narrow = params.narrow;
    plan.scales = {params.scale};
    plan.zero_points = {params.zero_point};
    return plan;
  }

  // int8 codes with a symmetric scale for each row.
  Result<WeightPlan> row_plan(const PlacedConstant& constant) const {
    ZP_ASSIGN_OR_RETURN(const Tensor value, model_.read(*index_.constant(constant.tensor)));
    ZP_ASSIGN_OR_RETURN(const auto floats, to_floats(value));
    WeightPlan plan;
    plan.tensor = constant.tensor;
    plan.input = constant.input;
    plan.axis = 0;
    const auto rows = static_cast<size_t>(value.shape().dim(0));
    const size_t length = rows > 0 ? floats.size() / rows : 0;
    ParamOptions options;
    options.scheme = Scheme::kSymmetric;
    options.narrow = plan.narrow;
    for (size_t row = 0; row < rows; ++row) {
      Range range;
      for (size_t i = row * length; i < (row + 1) * length; ++i)
        range = range.widened_to(floats[i]);
      ZP_ASSIGN_OR_RETURN(const QuantParams params, choose_params(range, plan.type, options));
      plan.scales.push_back(params.scale);
    }
    return plan;
  }

  Result<Range> constant_range(const std::string& tensor) const {
    const Observer* observer = observed_.find(tensor);
    if (!observer) return invalid_data("it was not observed");
    ZP_ASSIGN_OR_RETURN(Range range,
                        choose_range(*observer, RangeMethod{}, options_.type, params_));
    range = range.widened_to(0);
    if (const auto mask = mask_of(tensor)) range.min = std::min(*mask, 0.0);
    return at_least(range);
  }

  std::optional<double> mask_of(const std::string& tensor) const {
    return mask_bound(graph_, index_, *options_.target, tensor,
                      [&](const std::string& value) { return observed_.find(value); });
  }

  Result<QuantParams> params_of(const Group& group) const {
    if (group.fixed && group.fixed->scale > 0 && options_.type.bits() == 8 &&
        group.fixed->range == *group.range) {
      return QuantParams{options_.type, NarrowRange::kNo, group.fixed->scale,
                         group.fixed->zero_point};
    }
    ParamOptions options = params_;
    if (options.scheme == Scheme::kSymmetric && !options_.type.is_signed()) {
      options.scheme = Scheme::kAffine;
    }
    if (group.is_symmetric) options.scheme = Scheme::kSymmetric;
    ZP_ASSIGN_OR_RETURN(QuantParams params, choose_params(*group.range, options_.type, options));
    // A runtime leaves a Clip out only where no code stands for more than its bound, which a scale
    // rounded up may do by one bit.
    const auto steps = static_cast<float>(params.codes().qmax - params.zero_point);
    const auto highest = static_cast<float>(group.range->max);
    while (group.is_clipped && highest > 0 && steps * params.scale > highest) {
      params.scale = std::nextafter(params.scale, 0.0F);
    }
    return params;
  }

  const Model& model_;
  const onnx::GraphProto& graph_;
  GraphIndex index_;
  const GraphPlacement& placement_;
  const Observed& observed_;
  const ActivationOptions& options_;
  ParamOptions params_;
  std::map<int, Group> groups_;
};

}  // namespace

std::optional<double> flat_below(const onnx::GraphProto& graph, const GraphIndex& index,
                                 const std::string& tensor) {
  if (index.is_graph_output(tensor) || index.uses(tensor).empty()) return std::nullopt;
  double cut = kHardCut;
  for (const Use& use : index.uses(tensor)) {
    if (use.input == Use::kInBody) return std::nullopt;
    const auto& reader = graph.node(use.node);
    if (is_op(reader, "HardSwish") ||
        (is_op(reader, "HardSigmoid") && float_attribute(reader, "alpha", 0.2F) > 0.16F &&
         float_attribute(reader, "beta", 0.5F) == 0.5F)) {
      continue;
    }
    if (!is_gelu(reader) && !is_silu_part(graph, index, tensor, reader)) return std::nullopt;
    cut = kSoftCut;
  }
  return cut;
}

const Observer* Observed::find(const std::string& value) const {
  for (const Observers* observers : {&tensors, &constants}) {
    if (const auto found = observers->find(value); found != observers->end()) return &found->second;
  }
  return nullptr;
}

Result<Observers> observe_constants(const Model& model, const GraphPlacement& placement) {
  const GraphIndex index(model.graph());
  Observers observers;
  for (const auto& constant : placement.constants) {
    const auto [observer, fresh] = observers.emplace(constant.tensor, Observer());
    if (!fresh) continue;
    ZP_ASSIGN_OR_RETURN(const Tensor value, model.read(*index.constant(constant.tensor)));
    ZP_ASSIGN_OR_RETURN(const auto floats, to_floats(value));
    ZP_RETURN_IF_ERROR(observer->second.observe(floats));
    if (observer->second.extremes().nan > 0) {
      return invalid_data(fmt::format("constant \"{}\" holds NaN", constant.tensor));
    }
  }
  return observers;
}

WithoutParameters values_without_parameters(const Model& model, const GraphPlacement& placement,
                                            const Observed& observed,
                                            const ActivationOptions& options) {
  const Chooser chooser(model, placement, observed, options);
  WithoutParameters without;
  const auto look_at = [&](const std::string& value) {
    if (const auto why = chooser.why_without(value)) without.emplace(value, *why);
  };
  for (const auto& tensor : placement.tensors) look_at(tensor.tensor);
  for (const auto& constant : placement.constants) look_at(constant.tensor);
  return without;
}

Result<ChosenParameters> choose_activations(const Model& model, const GraphPlacement& placement,
                                            const Observed& observed,
                                            const ActivationOptions& options) {
  return Chooser(model, placement, observed, options).run();
}

}  // namespace zp
