#include "zeropoint/quantizer/activation_params.h"

#include <fnmatch.h>

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <optional>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"

namespace zp {
namespace {

// HardSwish and HardSigmoid are 0 below -3 exactly; SiLU and GELU are within 0.003 of 0 below -8.
constexpr double kHardCut = -3;
constexpr double kSoftCut = -8;

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

// The value below which every reader gives as good as nothing.
std::optional<double> low_cut(const onnx::GraphProto& graph, const GraphIndex& index,
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
    if (!is_op(reader, "Gelu") && !is_silu_part(graph, index, tensor, reader)) return std::nullopt;
    cut = kSoftCut;
  }
  return cut;
}

// Whether the value goes into or comes out of x * sigmoid(x), HardSwish or GELU. Their few large
// values say little: leaving out one in ten thousand gains more than it costs
// (docs/quantization.md).
bool is_at_soft_gate(const onnx::GraphProto& graph, const GraphIndex& index,
                     const std::string& tensor) {
  if (low_cut(graph, index, tensor)) return true;
  const int maker = index.producer(tensor);
  if (maker < 0) return false;
  const auto& node = graph.node(maker);
  if (is_op(node, "HardSwish") || is_op(node, "Gelu")) return true;
  return is_op(node, "Mul") && node.input_size() == 2 &&
         (is_silu_part(graph, index, node.input(0), node) ||
          is_silu_part(graph, index, node.input(1), node));
}

class Chooser {
 public:
  Chooser(const Model& model, const GraphPlacement& placement, const Observers& observers,
          const ActivationOptions& options)
      : graph_(model.graph()),
        index_(graph_),
        placement_(placement),
        observers_(observers),
        options_(options),
        params_{options.target->convention, options.target->activation_scheme} {}

  Result<std::vector<ActivationPlan>> run() {
    std::vector<ActivationPlan> plans;
    std::map<int, Range> groups;
    for (const auto& tensor : placement_.tensors) {
      auto plan = choose_own(tensor);
      if (!plan) {
        return tl::unexpected<Error>(
            std::move(plan).error().at(fmt::format("tensor \"{}\"", tensor.tensor)));
      }
      const auto [group, fresh] = groups.emplace(tensor.group, plan->range);
      if (!fresh)
        group->second = group->second.widened_to(plan->range.min).widened_to(plan->range.max);
      plans.push_back(*std::move(plan));
    }
    for (size_t i = 0; i < plans.size(); ++i) {
      const Range range = groups.at(placement_.tensors[i].group);
      if (!(range == plans[i].range)) {
        plans[i].range = range;
        plans[i].reason += ", widened to the range that it shares";
      }
      if (const FixedOutput* fixed = fixed_output(plans[i].tensor);
          fixed && fixed->scale > 0 && options_.type.bits() == 8) {
        plans[i].params = {options_.type, NarrowRange::kNo, fixed->scale, fixed->zero_point};
        continue;
      }
      auto params = params_of(plans[i]);
      if (!params) {
        return tl::unexpected<Error>(
            std::move(params).error().at(fmt::format("tensor \"{}\"", plans[i].tensor)));
      }
      plans[i].params = *params;
    }
    return plans;
  }

 private:
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
    const RangeMethod* override_ = override_of(placed.tensor);
    RangeMethod method = override_ ? *override_ : options_.ranges;
    if (!override_ && method.kind == RangeKind::kMinMax &&
        is_at_soft_gate(graph_, index_, placed.tensor)) {
      method.kind = RangeKind::kPercentile;
    }
    plan.reason = method.name();
    if (method.kind == RangeKind::kGiven) {
      plan.range = method.given;
    } else {
      const auto observer = observers_.find(placed.tensor);
      if (observer == observers_.end()) return invalid_data("it was not observed");
      ZP_ASSIGN_OR_RETURN(plan.range,
                          choose_range(observer->second, method, options_.type, params_));
    }
    plan.range = plan.range.widened_to(0);
    if (const auto cut = low_cut(graph_, index_, placed.tensor);
        cut && !override_ && plan.range.min < *cut) {
      plan.range.min = *cut;
      plan.reason += fmt::format(", cut at {}: its readers give 0 below", *cut);
    }
    const double missing = options_.target->least_width - plan.range.width();
    if (missing > 0) plan.range.max += missing;
    return plan;
  }

  Result<QuantParams> params_of(const ActivationPlan& plan) const {
    ParamOptions options = params_;
    if (options.scheme == Scheme::kSymmetric && !options_.type.is_signed()) {
      options.scheme = Scheme::kAffine;
    }
    ZP_ASSIGN_OR_RETURN(QuantParams params, choose_params(plan.range, options_.type, options));
    // A runtime leaves a Clip out only where no code stands for more than its bound, which a scale
    // rounded up may do by one bit.
    const int maker = index_.producer(plan.tensor);
    if (maker >= 0 && is_op(graph_.node(maker), "Clip")) {
      const auto steps = static_cast<float>(params.codes().qmax - params.zero_point);
      while (steps * params.scale > static_cast<float>(plan.range.max) && plan.range.max > 0) {
        params.scale = std::nextafter(params.scale, 0.0F);
      }
    }
    return params;
  }

  const onnx::GraphProto& graph_;
  GraphIndex index_;
  const GraphPlacement& placement_;
  const Observers& observers_;
  const ActivationOptions& options_;
  ParamOptions params_;
};

}  // namespace

Result<std::vector<ActivationPlan>> choose_activations(const Model& model,
                                                       const GraphPlacement& placement,
                                                       const Observers& observers,
                                                       const ActivationOptions& options) {
  return Chooser(model, placement, observers, options).run();
}

}  // namespace zp
