#include "zeropoint/quantizer/integer_io.h"

#include <optional>

#include <nlohmann/json.hpp>

#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/numerics/onnx_tensor.h"

namespace zp {
namespace {

class Ports {
 public:
  explicit Ports(Model& model) : model_(model), graph_(model.graph()) {}

  Result<IntegerIo> run() {
    for (int i = 0; i < graph_.input_size(); ++i) ZP_RETURN_IF_ERROR(convert_input(i));
    for (int i = 0; i < graph_.output_size(); ++i) ZP_RETURN_IF_ERROR(convert_output(i));
    remove_nodes(graph_, gone_);
    remove_unused(graph_);
    note();
    return std::move(io_);
  }

 private:
  // Scale and zero point of a QuantizeLinear or DequantizeLinear for a whole tensor.
  Result<QuantParams> params_of(const onnx::NodeProto& node) {
    const GraphIndex index(graph_);
    QuantParams params;
    const auto* scale = index.constant(node.input(1));
    const auto* zero_point = node.input_size() > 2 ? index.constant(node.input(2)) : nullptr;
    if (!scale || !zero_point) return invalid_data(describe(node) + ": no constant parameters");
    ZP_ASSIGN_OR_RETURN(const Tensor scale_value, model_.read(*scale));
    ZP_ASSIGN_OR_RETURN(const auto floats, to_floats(scale_value));
    ZP_ASSIGN_OR_RETURN(const Tensor code, model_.read(*zero_point));
    if (floats.size() != 1 || code.size() != 1) {
      return invalid_data(describe(node) + ": parameters by channel");
    }
    params.scale = floats[0];
    ZP_ASSIGN_OR_RETURN(params.type, IntType::parse(name(code.type())));
    ZP_ASSIGN_OR_RETURN(const ElementType type, element_type(zero_point->data_type()));
    ZP_ASSIGN_OR_RETURN(
        const OnnxTensor codes,
        OnnxTensor::make(type, code.shape(), {code.bytes().begin(), code.bytes().end()}));
    params.zero_point = static_cast<int32_t>(codes.value(0));
    return params;
  }

  void set_type(onnx::ValueInfoProto& value, const QuantParams& params) {
    for (const auto& row : kElementTypes) {
      if (int_type(row.type) == params.type) {
        value.mutable_type()->mutable_tensor_type()->set_elem_type(static_cast<int>(row.type));
      }
    }
  }

  Status convert_input(int number) {
    auto& input = *graph_.mutable_input(number);
    const GraphIndex index(graph_);
    const int reader = index.only_reader(input.name());
    if (reader < 0 || !is_op(graph_.node(reader), "QuantizeLinear")) {
      io_.in_float.push_back(input.name());
      return {};
    }
    ZP_ASSIGN_OR_RETURN(const QuantParams params, params_of(graph_.node(reader)));
    set_type(input, params);
    replace_uses(graph_, graph_.node(reader).output(0), input.name());
    gone_.push_back(reader);
    io_.inputs.push_back({input.name(), params});
    return {};
  }

  Status convert_output(int number) {
    auto& output = *graph_.mutable_output(number);
    const GraphIndex index(graph_);
    const int maker = index.producer(output.name());
    const bool dequantized = maker >= 0 && is_op(graph_.node(maker), "DequantizeLinear");
    const int quantizer = dequantized ? index.producer(graph_.node(maker).input(0)) : -1;
    if (quantizer < 0 || !index.uses(output.name()).empty()) {
      io_.in_float.push_back(output.name());
      return {};
    }
    ZP_ASSIGN_OR_RETURN(const QuantParams params, params_of(graph_.node(maker)));
    set_type(output, params);
    const std::string codes = graph_.node(maker).input(0);
    gone_.push_back(maker);
    // The name is free only once the DequantizeLinear no longer makes it.
    graph_.mutable_node(maker)->set_output(0, output.name() + "_gone");
    for (auto& value : *graph_.mutable_node(quantizer)->mutable_output()) {
      if (value == codes) value = output.name();
    }
    replace_uses(graph_, codes, output.name());
    io_.outputs.push_back({output.name(), params});
    return {};
  }

  void note() {
    nlohmann::ordered_json json;
    const auto add = [&](const char* key, const std::vector<IntegerPort>& ports) {
      json[key] = nlohmann::ordered_json::object();
      for (const auto& port : ports) {
        json[key][port.name] = {{"type", port.params.type.name()},
                                {"scale", port.params.scale},
                                {"zero_point", port.params.zero_point}};
      }
    };
    add("inputs", io_.inputs);
    add("outputs", io_.outputs);
    auto& entry = *model_.proto().add_metadata_props();
    entry.set_key("zeropoint.io");
    entry.set_value(json.dump());
  }

  Model& model_;
  onnx::GraphProto& graph_;
  IntegerIo io_;
  std::vector<int> gone_;
};

}  // namespace

Result<IntegerIo> make_io_integer(Model& model) { return Ports(model).run(); }

}  // namespace zp
