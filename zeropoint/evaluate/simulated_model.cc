#include "zeropoint/evaluate/simulated_model.h"

#include <array>
#include <map>
#include <optional>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/numerics/onnx_dequantize_linear.h"
#include "zeropoint/numerics/onnx_quantize_linear.h"

namespace zp {
namespace {

class Simulation {
 public:
  explicit Simulation(Model model)
      : model_(std::move(model)), names_(model_.graph()), index_(model_.graph()) {}

  Result<Model> run() {
    const int count = model_.graph().node_size();
    std::vector<int> gone;
    for (int i = 0; i < count; ++i) {
      const onnx::NodeProto node = model_.graph().node(i);
      if (is_op(node, "QuantizeLinear")) {
        ZP_RETURN_IF_ERROR(at(node, round(node)));
      } else if (is_op(node, "DequantizeLinear")) {
        ZP_RETURN_IF_ERROR(at(node, dequantize(node)));
      } else {
        continue;
      }
      gone.push_back(i);
    }
    remove_nodes(model_.graph(), gone);
    remove_unused(model_.graph());
    ZP_RETURN_IF_ERROR(sort_nodes(model_.graph()));
    return std::move(model_);
  }

 private:
  static Status at(const onnx::NodeProto& node, Status status) {
    if (status) return {};
    return tl::unexpected<Error>(std::move(status).error().at(describe(node)));
  }

  Result<OnnxTensor> constant(const std::string& name) {
    if (const auto found = codes_.find(name); found != codes_.end()) return found->second;
    const onnx::TensorProto* proto = index_.constant(name);
    if (!proto) return invalid_data("\"" + name + "\" is no constant");
    ZP_ASSIGN_OR_RETURN(const Tensor value, model_.read(*proto));
    ZP_ASSIGN_OR_RETURN(const ElementType type, element_type(static_cast<int64_t>(value.type())));
    return OnnxTensor::make(type, value.shape(), {value.bytes().begin(), value.bytes().end()});
  }

  Result<std::string> add_scalar(float value) {
    std::string name = names_("simulated_constant");
    ZP_ASSIGN_OR_RETURN(const Tensor tensor, Tensor::of<float>(Shape(), std::array{value}));
    ZP_RETURN_IF_ERROR(model_.add_initializer(name, tensor));
    return name;
  }

  bool is_constant(const std::string& name) const {
    return codes_.contains(name) || index_.constant(name);
  }

  // A weight that is quantized in the model itself.
  Status quantize_constant(const onnx::NodeProto& node) {
    ZP_ASSIGN_OR_RETURN(const OnnxTensor x, constant(node.input(0)));
    ZP_ASSIGN_OR_RETURN(const OnnxTensor scale, constant(node.input(1)));
    ZP_ASSIGN_OR_RETURN(const OnnxTensor zero_point, constant(node.input(2)));
    QuantizeLinearOptions options;
    options.axis = int_attribute(node, "axis", options.axis);
    ZP_ASSIGN_OR_RETURN(OnnxTensor codes, quantize_linear(x, scale, &zero_point, options));
    codes_.emplace(node.output(0), std::move(codes));
    return {};
  }

  Status round(const onnx::NodeProto& node) {
    if (node.input_size() < 3) return invalid_data("no zero point");
    if (is_constant(node.input(0))) return quantize_constant(node);
    ZP_ASSIGN_OR_RETURN(const OnnxTensor zero_point, constant(node.input(2)));
    const auto type = int_type(zero_point.type());
    if (!type || zero_point.size() != 1) return invalid_data("no parameters for a whole tensor");
    const auto zero = static_cast<int32_t>(zero_point.value(0));
    ZP_ASSIGN_OR_RETURN(const auto low, add_scalar(static_cast<float>(type->codes().qmin - zero)));
    ZP_ASSIGN_OR_RETURN(const auto high, add_scalar(static_cast<float>(type->codes().qmax - zero)));
    const std::string base = node.output(0);
    const std::string steps = names_(base + "_steps");
    const std::string rounded = names_(base + "_rounded");
    auto& graph = model_.graph();
    add_node(graph, "Div", names_(base + "_Div"), {node.input(0), node.input(1)}, {steps});
    add_node(graph, "Round", names_(base + "_Round"), {steps}, {rounded});
    // Under the codes' own name, which is what the DequantizeLinear reads.
    add_node(graph, "Clip", names_(base + "_Clip"), {rounded, low, high}, {base});
    return {};
  }

  Status dequantize(const onnx::NodeProto& node) {
    auto& graph = model_.graph();
    if (!is_constant(node.input(0))) {
      ZP_ASSIGN_OR_RETURN(const OnnxTensor scale, constant(node.input(1)));
      if (scale.size() != 1) return invalid_data("no parameters for a whole tensor");
      add_node(graph, "Mul", names_(node.output(0) + "_Mul"), {node.input(0), node.input(1)},
               {node.output(0)});
      return {};
    }
    ZP_ASSIGN_OR_RETURN(const OnnxTensor codes, constant(node.input(0)));
    ZP_ASSIGN_OR_RETURN(const OnnxTensor scale, constant(node.input(1)));
    std::optional<OnnxTensor> zero_point;
    if (node.input_size() > 2) {
      ZP_ASSIGN_OR_RETURN(zero_point, constant(node.input(2)));
    }
    DequantizeLinearOptions attributes;
    attributes.axis = int_attribute(node, "axis", attributes.axis);
    attributes.block_size = int_attribute(node, "block_size", 0);
    ZP_ASSIGN_OR_RETURN(
        const OnnxTensor floats,
        dequantize_linear(codes, scale, zero_point ? &*zero_point : nullptr, attributes));
    ZP_ASSIGN_OR_RETURN(const Tensor value,
                        Tensor::make(DataType::kFloat, floats.shape(),
                                     {floats.bytes().begin(), floats.bytes().end()}));
    return model_.add_initializer(node.output(0), value);
  }

  Model model_;
  UniqueNames names_;
  GraphIndex index_;
  std::map<std::string, OnnxTensor> codes_;  // of constants that QuantizeLinear reads
};

}  // namespace

Result<Model> simulated_model(const Model& quantized) { return Simulation(quantized.copy()).run(); }

}  // namespace zp
