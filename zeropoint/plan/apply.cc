#include "zeropoint/plan/apply.h"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "zeropoint/base/hash.h"
#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/plan/plan_json.h"
#include "zeropoint/plan/planned_codes.h"

namespace zp {
namespace {

// One application. Node numbers stay valid while it runs: nodes are only appended, and sorted at
// the end.
class Application {
 public:
  Application(Model& model, const Plan& plan)
      : model_(model), plan_(plan), names_(model.graph()), index_(model.graph()) {
    for (int i = 0; i < model.graph().node_size(); ++i) {
      const auto& node = model.graph().node(i);
      node_numbers_.emplace(node.name(), i);
      data_inputs_.push_back(node.input_size() > 0 ? node.input(0) : "");
    }
    for (const auto& node : plan.nodes) {
      if (!node.quantized) continue;
      if (const auto found = node_numbers_.find(node.node); found != node_numbers_.end()) {
        quantized_.insert(found->second);
      }
    }
    for (const auto& activation : plan.activations) {
      params_.emplace(activation.tensor, activation.params);
    }
  }

  Status run() {
    for (const auto& node : plan_.nodes) ZP_RETURN_IF_ERROR(node_of(node.node));
    for (const auto& activation : plan_.activations) ZP_RETURN_IF_ERROR(put(activation));
    for (const auto& node : plan_.nodes) {
      if (!node.quantized) continue;
      const auto status = put(node);
      if (!status)
        return tl::unexpected<Error>(Error(status.error()).at("node \"" + node.node + "\""));
    }
    remove_unused(graph());
    return sort_nodes(graph());
  }

 private:
  onnx::GraphProto& graph() { return model_.graph(); }

  Result<int> node_of(const std::string& name) {
    const auto found = node_numbers_.find(name);
    if (found == node_numbers_.end()) {
      return invalid_data(
          fmt::format("the plan speaks of node \"{}\", which the model does not have", name));
    }
    return found->second;
  }

  // Names of the scale and the zero point of an activation, made where they are first asked for.
  Result<std::pair<std::string, std::string>> scale_and_zero_point(
      const ActivationPlan& activation) {
    const std::string scale = names_(activation.tensor + "_scale");
    ZP_ASSIGN_OR_RETURN(const Tensor value,
                        Tensor::of<float>(Shape(), std::vector<float>{activation.params.scale}));
    ZP_RETURN_IF_ERROR(model_.add_initializer(scale, value));
    ZP_ASSIGN_OR_RETURN(const Tensor code,
                        tensor_of(std::vector<int32_t>{activation.params.zero_point},
                                  activation.params.type, Shape()));
    const std::string zero_point = names_(activation.tensor + "_zero_point");
    ZP_RETURN_IF_ERROR(model_.add_initializer(zero_point, code));
    return std::pair(scale, zero_point);
  }

  Status put(const ActivationPlan& activation) {
    const std::string& tensor = activation.tensor;
    const int producer = index_.producer(tensor);
    if (producer < 0 && !index_.is_graph_input(tensor)) {
      return invalid_data(
          fmt::format("the plan speaks of tensor \"{}\", which no node of the model "
                      "makes and which is no input",
                      tensor));
    }
    ZP_ASSIGN_OR_RETURN(const auto params, scale_and_zero_point(activation));
    std::string source = tensor;
    std::string dequantized = names_(tensor + "_dequantized");
    if (activation.readers == Readers::kAll && producer >= 0 && index_.is_graph_output(tensor)) {
      // The output keeps its name, so the producer's value gets another one.
      source = names_(tensor + "_float");
      dequantized = tensor;
      for (auto& output : *graph().mutable_node(producer)->mutable_output()) {
        if (output == tensor) output = source;
      }
    } else if (activation.readers == Readers::kAll) {
      replace_uses(graph(), tensor, dequantized);
    } else {
      for (const Use& use : index_.uses(tensor)) {
        if (use.input == Use::kInBody || !quantized_.contains(use.node)) continue;
        graph().mutable_node(use.node)->set_input(use.input, dequantized);
      }
    }
    const std::string codes = names_(tensor + "_quantized");
    add_node(graph(), "QuantizeLinear", names_(tensor + "_QuantizeLinear"),
             {source, params.first, params.second}, {codes});
    add_node(graph(), "DequantizeLinear", names_(tensor + "_DequantizeLinear"),
             {codes, params.first, params.second}, {dequantized});
    return {};
  }

  const onnx::TensorProto* find_constant(const std::string& name) {
    for (const auto& tensor : graph().initializer()) {
      if (tensor.name() == name) return &tensor;
    }
    return nullptr;
  }

  Status put(const NodePlan& plan) {
    ZP_ASSIGN_OR_RETURN(const int number, node_of(plan.node));
    for (const auto& weight : plan.weights) ZP_RETURN_IF_ERROR(put(number, weight));
    if (plan.bias) {
      const auto params = params_.find(data_inputs_[static_cast<size_t>(number)]);
      if (params == params_.end() || plan.weights.empty()) {
        return invalid_data("its bias has no scale: its input or its weight is not quantized");
      }
      ZP_RETURN_IF_ERROR(put(number, *plan.bias, params->second.scale, plan.weights[0]));
    }
    return {};
  }

  // The names of a constant's codes and of what they stand for.
  struct Written {
    const WeightPlan* plan;
    Hash128 codes_hash;
    std::string codes;
    std::string scale;
    std::string zero_point;
  };

  // The initializer whose elements a QuantizeLinear turns into these codes.
  Result<std::string> floats_to_quantize(const WeightPlan& weight, const Shape& shape,
                                         const std::vector<int32_t>& codes) {
    if (weight.codes.empty()) return weight.tensor;
    const auto dims = shape.dims();
    size_t inner = 1;
    for (size_t i = weight.axis ? static_cast<size_t>(*weight.axis) + 1 : dims.size();
         i < dims.size(); ++i) {
      inner *= static_cast<size_t>(dims[i]);
    }
    std::vector<float> floats(codes.size());
    for (size_t i = 0; i < codes.size(); ++i) {
      const size_t channel = weight.axis ? i / inner % weight.scales.size() : 0;
      const int32_t zero_point = weight.zero_points.empty() ? 0 : weight.zero_points[channel];
      floats[i] = static_cast<float>(codes[i] - zero_point) * weight.scales[channel];
    }
    std::string name = names_(weight.tensor + "_tuned");
    ZP_ASSIGN_OR_RETURN(const Tensor tuned, Tensor::of<float>(shape, floats));
    ZP_RETURN_IF_ERROR(model_.add_initializer(name, tuned));
    return name;
  }

  Status put(int number, const WeightPlan& weight) {
    const auto& node = graph().node(number);
    if (weight.input >= node.input_size() || node.input(weight.input) != weight.tensor) {
      return invalid_data(fmt::format("its input {} is not \"{}\"", weight.input, weight.tensor));
    }
    const onnx::TensorProto* tensor = find_constant(weight.tensor);
    if (!tensor) return invalid_data(fmt::format("weight \"{}\" is no initializer", weight.tensor));
    ZP_ASSIGN_OR_RETURN(const Tensor value, model_.read(*tensor));
    std::optional<Filters> filters;
    if (weight.pair_safe) filters = filters_of(node, value.shape().dims());
    ZP_ASSIGN_OR_RETURN(const auto codes,
                        planned_codes(value, weight, filters ? &*filters : nullptr));
    ZP_ASSIGN_OR_RETURN(const Written written, write(weight, codes, value.shape()));
    const std::string dequantized = names_(weight.tensor + "_dequantized");
    auto& made = add_node(graph(), "DequantizeLinear", names_(weight.tensor + "_DequantizeLinear"),
                          {written.codes, written.scale, written.zero_point}, {dequantized});
    if (weight.axis) set_attribute(made, "axis", *weight.axis);
    graph().mutable_node(number)->set_input(weight.input, dequantized);
    return {};
  }

  // Nodes that read the same constant under the same parameters share its codes.
  Result<Written> write(const WeightPlan& weight, const std::vector<int32_t>& codes,
                        const Shape& weight_shape) {
    Written made{&weight, hash_bytes(std::as_bytes(std::span(codes))), "", "", ""};
    auto& others = written_[weight.tensor];
    const auto same = std::ranges::find_if(others, [&](const Written& other) {
      return other.codes_hash == made.codes_hash && other.plan->type == weight.type &&
             other.plan->axis == weight.axis && other.plan->scales == weight.scales &&
             other.plan->zero_points == weight.zero_points;
    });
    if (same != others.end()) return *same;
    Shape shape;
    if (weight.axis) {
      ZP_ASSIGN_OR_RETURN(shape, Shape::make({static_cast<int64_t>(weight.scales.size())}));
    }
    made.scale = names_(weight.tensor + "_scale");
    ZP_ASSIGN_OR_RETURN(const Tensor scales, Tensor::of<float>(shape, weight.scales));
    ZP_RETURN_IF_ERROR(model_.add_initializer(made.scale, scales));
    std::vector<int32_t> zero_points = weight.zero_points;
    zero_points.resize(weight.scales.size());
    made.zero_point = names_(weight.tensor + "_zero_point");
    ZP_ASSIGN_OR_RETURN(const Tensor zeros, tensor_of(zero_points, weight.type, shape));
    ZP_RETURN_IF_ERROR(model_.add_initializer(made.zero_point, zeros));
    made.codes = names_(weight.tensor + "_quantized");
    if (plan_.weight_q_dq) {
      ZP_ASSIGN_OR_RETURN(const auto floats, floats_to_quantize(weight, weight_shape, codes));
      auto& quantize =
          add_node(graph(), "QuantizeLinear", names_(weight.tensor + "_QuantizeLinear"),
                   {floats, made.scale, made.zero_point}, {made.codes});
      if (weight.axis) set_attribute(quantize, "axis", *weight.axis);
    } else {
      ZP_ASSIGN_OR_RETURN(const Tensor packed, tensor_of(codes, weight.type, weight_shape));
      ZP_RETURN_IF_ERROR(model_.add_initializer(made.codes, packed));
    }
    others.push_back(made);
    return made;
  }

  Status put(int number, const BiasPlan& bias, float input_scale, const WeightPlan& weight) {
    size_t channels = std::max(weight.scales.size(), bias.correction.size());
    std::vector<float> floats;
    if (!bias.tensor.empty()) {
      const onnx::TensorProto* tensor = find_constant(bias.tensor);
      if (!tensor) return invalid_data(fmt::format("bias \"{}\" is no initializer", bias.tensor));
      ZP_ASSIGN_OR_RETURN(const Tensor value, model_.read(*tensor));
      ZP_ASSIGN_OR_RETURN(floats, to_floats(value));
      channels = std::max(channels, floats.size());
    }
    if (floats.size() <= 1) floats.resize(channels, floats.empty() ? 0.0F : floats[0]);
    const bool fits = floats.size() == channels &&
                      (weight.scales.size() == 1 || weight.scales.size() == channels) &&
                      (bias.correction.empty() || bias.correction.size() == channels);
    if (!fits) {
      return invalid_data(
          fmt::format("bias \"{}\" of {} elements does not fit {} scales and {} "
                      "corrections",
                      bias.tensor, floats.size(), weight.scales.size(), bias.correction.size()));
    }
    for (size_t i = 0; i < bias.correction.size(); ++i) floats[i] += bias.correction[i];
    const std::string base =
        bias.tensor.empty() ? graph().node(number).name() + "_bias" : bias.tensor;
    ZP_ASSIGN_OR_RETURN(const Shape shape, Shape::make({static_cast<int64_t>(channels)}));
    std::string name;
    if (bias.in_float) {
      name = names_(base + "_corrected");
      ZP_ASSIGN_OR_RETURN(const Tensor value, Tensor::of<float>(shape, floats));
      ZP_RETURN_IF_ERROR(model_.add_initializer(name, value));
    } else {
      ZP_ASSIGN_OR_RETURN(name, put_codes(base, floats, input_scale, weight, shape));
    }
    auto& node = *graph().mutable_node(number);
    while (node.input_size() <= bias.input) node.add_input("");
    node.set_input(bias.input, name);
    return {};
  }

  Result<std::string> put_codes(const std::string& base, std::span<const float> floats,
                                float input_scale, const WeightPlan& weight, const Shape& shape) {
    // One scale for the whole bias where the weight has one.
    const bool per_channel = weight.scales.size() > 1 || weight.axis.has_value();
    std::vector<float> scales;
    std::vector<int32_t> codes;
    for (size_t i = 0; i < floats.size(); ++i) {
      const float weight_scale = weight.scales[weight.scales.size() == 1 ? 0 : i];
      ZP_ASSIGN_OR_RETURN(const QuantParams params, bias_params(input_scale, weight_scale));
      const double code = std::nearbyint(double{floats[i]} / double{params.scale});
      if (!(std::abs(code) <= std::numeric_limits<int32_t>::max())) {
        return invalid_data(
            fmt::format("bias \"{}\": element {} ({}) exceeds int32 with scale {}; "
                        "raise the weight's scale in the plan",
                        base, i, floats[i], params.scale));
      }
      codes.push_back(static_cast<int32_t>(code));
      if (per_channel || i == 0) scales.push_back(params.scale);
    }
    const Shape params_shape = per_channel ? shape : Shape();
    const std::string quantized = names_(base + "_quantized");
    const std::string scale = names_(base + "_scale");
    const std::string dequantized = names_(base + "_dequantized");
    ZP_ASSIGN_OR_RETURN(const Tensor packed, tensor_of(codes, IntType::kInt32, shape));
    ZP_RETURN_IF_ERROR(model_.add_initializer(quantized, packed));
    ZP_ASSIGN_OR_RETURN(const Tensor scale_values, Tensor::of<float>(params_shape, scales));
    ZP_RETURN_IF_ERROR(model_.add_initializer(scale, scale_values));
    auto& node = add_node(graph(), "DequantizeLinear", names_(base + "_DequantizeLinear"),
                          {quantized, scale}, {dequantized});
    if (per_channel) set_attribute(node, "axis", int64_t{0});
    return dequantized;
  }

  Model& model_;
  const Plan& plan_;
  UniqueNames names_;
  GraphIndex index_;
  std::unordered_map<std::string, int> node_numbers_;
  std::vector<std::string>
      data_inputs_;  // each node's first input, before anything came in between
  std::unordered_set<int> quantized_;
  std::map<std::string, QuantParams> params_;
  std::map<std::string, std::vector<Written>> written_;  // by the constant's name
};

void set_metadata(onnx::ModelProto& model, const std::string& key, std::string value) {
  for (auto& entry : *model.mutable_metadata_props()) {
    if (entry.key() == key) return entry.set_value(std::move(value));
  }
  auto& entry = *model.add_metadata_props();
  entry.set_key(key);
  entry.set_value(std::move(value));
}

}  // namespace

Status apply(Model& model, const Plan& plan) {
  ZP_ASSIGN_OR_RETURN(const Hash128 hash, model.hash());
  if (hash.hex() != plan.model_hash) {
    return invalid_data(
        fmt::format("the plan belongs to another model (hash {}, this one's is {}); "
                    "make one with zeropoint plan",
                    plan.model_hash, hash.hex()));
  }
  ZP_RETURN_IF_ERROR(Application(model, plan).run());
  set_metadata(model.proto(), "zeropoint.version", plan.tool);
  set_metadata(model.proto(), "zeropoint.options", nlohmann::json(plan.options).dump());
  set_metadata(model.proto(), "zeropoint.plan", to_json(plan, PlanDetail::kWithoutChannels));
  return {};
}

}  // namespace zp
