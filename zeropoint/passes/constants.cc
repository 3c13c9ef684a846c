#include "zeropoint/passes/constants.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/tensor_proto.h"

namespace zp {
namespace {

template <class T>
Result<Tensor> tensor_of(const auto& field, std::vector<int64_t> dims) {
  ZP_ASSIGN_OR_RETURN(Shape shape, Shape::make(std::move(dims)));
  const std::vector<T> elements(field.begin(), field.end());
  return Tensor::of<T>(std::move(shape), elements);
}

// Moves what the Constant node holds into an initializer; returns whether it could.
Result<bool> move_constant(Model& model, onnx::GraphProto& graph, onnx::NodeProto& node) {
  if (node.attribute_size() != 1) return false;
  auto& attribute = *node.mutable_attribute(0);
  const std::string& name = node.output(0);
  if (attribute.name() == "value" && attribute.has_t()) {
    auto& tensor = *graph.add_initializer();
    tensor.Swap(attribute.mutable_t());
    tensor.set_name(name);
    return true;
  }
  std::optional<Result<Tensor>> value;
  if (attribute.name() == "value_float") {
    value = tensor_of<float>(std::array{attribute.f()}, {});
  } else if (attribute.name() == "value_floats") {
    value = tensor_of<float>(attribute.floats(), {attribute.floats_size()});
  } else if (attribute.name() == "value_int") {
    value = tensor_of<int64_t>(std::array{attribute.i()}, {});
  } else if (attribute.name() == "value_ints") {
    value = tensor_of<int64_t>(attribute.ints(), {attribute.ints_size()});
  }
  if (!value) return false;
  ZP_ASSIGN_OR_RETURN(const Tensor tensor, *std::move(value));
  auto& initializer = *graph.add_initializer();
  initializer.set_name(name);
  ZP_RETURN_IF_ERROR(model.write(initializer, tensor));
  return true;
}

// From which input number on, and up to which, an operator reads parameters.
struct Inputs {
  std::string_view op;
  int first;
  int last;
};

constexpr int kAll = 1000;
constexpr std::array kFloatParameters{
    Inputs{"Conv", 1, 2},
    Inputs{"ConvTranspose", 1, 2},
    Inputs{"Gemm", 0, 2},
    Inputs{"MatMul", 0, 1},
    Inputs{"Gather", 0, 0},
    Inputs{"BatchNormalization", 1, 4},
    Inputs{"InstanceNormalization", 1, 2},
    Inputs{"LayerNormalization", 1, 2},
    Inputs{"GroupNormalization", 1, 2},
    Inputs{"PRelu", 1, 1},
    Inputs{"LSTM", 1, 3},
    Inputs{"LSTM", 7, 7},
    Inputs{"GRU", 1, 3},
    Inputs{"RNN", 1, 3},
    Inputs{"Add", 0, 1},
    Inputs{"Sub", 0, 1},
    Inputs{"Mul", 0, 1},
    Inputs{"Div", 0, 1},
    Inputs{"Resize", 1, 2},
    Inputs{"Upsample", 1, 1},
};
constexpr std::array kShapeParameters{
    Inputs{"Reshape", 1, 1},   Inputs{"Expand", 1, 1},     Inputs{"Tile", 1, 1},
    Inputs{"Slice", 1, 4},     Inputs{"Pad", 1, 1},        Inputs{"Pad", 3, 3},
    Inputs{"Squeeze", 1, 1},   Inputs{"Unsqueeze", 1, 1},  Inputs{"Split", 1, 1},
    Inputs{"Resize", 3, 3},    Inputs{"TopK", 1, 1},       Inputs{"ConstantOfShape", 0, 0},
    Inputs{"ReduceSum", 1, 1}, Inputs{"ReduceMean", 1, 1}, Inputs{"ReduceMax", 1, 1},
    Inputs{"ReduceMin", 1, 1}, Inputs{"ReduceL2", 1, 1},   Inputs{"Concat", 0, kAll},
};

bool is_parameter(const auto& table, const onnx::NodeProto& node, int input) {
  return std::ranges::any_of(table, [&](const Inputs& entry) {
    return is_op(node, entry.op) && entry.first <= input && input <= entry.last;
  });
}

bool is_constant_in_spirit(const onnx::GraphProto& graph, const GraphIndex& index,
                           const onnx::TensorProto& tensor) {
  const bool is_integer = tensor.data_type() == onnx::TensorProto::INT64 ||
                          tensor.data_type() == onnx::TensorProto::INT32;
  if (!is_integer &&
      (tensor.dims_size() == 0 || (tensor.data_type() != onnx::TensorProto::FLOAT &&
                                   tensor.data_type() != onnx::TensorProto::FLOAT16 &&
                                   tensor.data_type() != onnx::TensorProto::BFLOAT16 &&
                                   tensor.data_type() != onnx::TensorProto::DOUBLE))) {
    return false;
  }
  if (index.uses(tensor.name()).empty()) return true;
  return std::ranges::any_of(index.uses(tensor.name()), [&](const Use& use) {
    if (use.input == Use::kInBody) return false;
    const auto& node = graph.node(use.node);
    return is_integer ? is_parameter(kShapeParameters, node, use.input)
                      : is_parameter(kFloatParameters, node, use.input);
  });
}

}  // namespace

Result<int> constants_to_initializers(Model& model, onnx::GraphProto& graph) {
  const GraphIndex index(graph);
  std::vector<int> moved;
  for (int i = 0; i < graph.node_size(); ++i) {
    auto& node = *graph.mutable_node(i);
    if (!is_op(node, "Constant") || index.is_graph_output(node.output(0))) continue;
    ZP_ASSIGN_OR_RETURN(const bool could, move_constant(model, graph, node));
    if (could) moved.push_back(i);
  }
  remove_nodes(graph, moved);
  return static_cast<int>(moved.size());
}

std::vector<std::string> default_inputs_to_constants(Model& model) {
  auto& graph = model.graph();
  const GraphIndex index(graph);
  std::unordered_map<std::string, const onnx::TensorProto*> initializers;
  for (const auto& tensor : graph.initializer()) initializers.emplace(tensor.name(), &tensor);
  std::vector<std::string> gone;
  google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> kept;
  for (auto& input : *graph.mutable_input()) {
    const auto found = initializers.find(input.name());
    if (found != initializers.end() &&
        (model.proto().ir_version() < 4 || is_constant_in_spirit(graph, index, *found->second))) {
      gone.push_back(input.name());
    } else {
      kept.Add()->Swap(&input);
    }
  }
  graph.mutable_input()->Swap(&kept);
  return gone;
}

}  // namespace zp
