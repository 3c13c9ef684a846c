#include "fuzz/mutate_model.h"

#include <array>
#include <string>
#include <vector>

#include "zeropoint/graph/visit.h"

namespace zp {
namespace {

using Random = std::minstd_rand;

int below(Random& random, int count) {
  return static_cast<int>(random() % static_cast<unsigned>(count));
}

int64_t any_integer(Random& random) {
  constexpr std::array<int64_t, 12> kIntegers{0,  1, -1, 2,    3,         4,
                                              -2, 7, 13, 1000, INT64_MAX, INT64_MIN};
  return kIntegers[random() % kIntegers.size()];
}

constexpr std::array kOperators{
    "Add",     "Sub",         "Mul",       "Div",     "Conv",      "ConvTranspose",
    "Gemm",    "MatMul",      "Identity",  "Dropout", "Pad",       "BatchNormalization",
    "MaxPool", "AveragePool", "Transpose", "Reshape", "Squeeze",   "Unsqueeze",
    "Concat",  "Slice",       "Gather",    "Shape",   "Size",      "ConstantOfShape",
    "Expand",  "Range",       "Cast",      "Equal",   "Where",     "Clip",
    "Resize",  "Upsample",    "Softmax",   "Hardmax", "PRelu",     "Constant",
    "Flatten", "Sqrt",        "Relu",      "Split",   "ReduceSum", "DequantizeLinear"};

// Names of values that a node of this graph might read.
std::vector<std::string> values_of(const onnx::GraphProto& graph) {
  std::vector<std::string> names{""};
  for (const auto& input : graph.input()) names.push_back(input.name());
  for (const auto& tensor : graph.initializer()) names.push_back(tensor.name());
  for (const auto& node : graph.node()) {
    names.insert(names.end(), node.output().begin(), node.output().end());
  }
  return names;
}

void mutate_attribute(onnx::NodeProto& node, Random& random) {
  if (node.attribute_size() == 0) return;
  const int number = below(random, node.attribute_size());
  auto& attribute = *node.mutable_attribute(number);
  switch (below(random, 5)) {
    case 0:
      node.mutable_attribute()->DeleteSubrange(number, 1);
      return;
    case 1:
      attribute.set_i(any_integer(random));
      return;
    case 2:
      attribute.set_f(static_cast<float>(any_integer(random)) / 2);
      return;
    case 3:
      attribute.add_ints(any_integer(random));
      return;
    default:
      if (attribute.ints_size() == 0) return;
      attribute.set_ints(below(random, attribute.ints_size()), any_integer(random));
  }
}

void mutate_tensor(onnx::TensorProto& tensor, Random& random) {
  switch (below(random, 5)) {
    case 0:
      tensor.add_dims(1);
      return;
    case 1:
      if (tensor.dims_size() > 0) {
        tensor.set_dims(below(random, tensor.dims_size()), any_integer(random));
      }
      return;
    case 2:
      if (tensor.int64_data_size() > 0) {
        tensor.set_int64_data(below(random, tensor.int64_data_size()), any_integer(random));
      }
      return;
    case 3:
      if (tensor.float_data_size() > 0) {
        tensor.set_float_data(below(random, tensor.float_data_size()),
                              static_cast<float>(any_integer(random)));
      }
      return;
    default:
      // All ones: the shape of a scale or bias for fewer or more channels.
      while (tensor.dims_size() > 1) tensor.mutable_dims()->RemoveLast();
  }
}

void mutate_node(onnx::GraphProto& graph, Random& random) {
  if (graph.node_size() == 0) return;
  const int number = below(random, graph.node_size());
  auto& node = *graph.mutable_node(number);
  const auto values = values_of(graph);
  const std::string& value = values[random() % values.size()];
  switch (below(random, 7)) {
    case 0:
      node.set_op_type(kOperators[random() % kOperators.size()]);
      return;
    case 1:
      node.add_input(value);
      return;
    case 2:
      if (node.input_size() > 0) node.set_input(below(random, node.input_size()), value);
      return;
    case 3: {
      // Between the node and its readers stands another.
      if (node.output_size() == 0) return;
      const std::string name = node.output(0) + "'";
      auto& other = *graph.add_node();
      other.set_op_type(kOperators[random() % kOperators.size()]);
      other.add_input(name);
      if (random() % 2 != 0) other.add_input(value);
      other.add_output(graph.node(number).output(0));
      graph.mutable_node(number)->set_output(0, name);
      return;
    }
    case 4:
      graph.mutable_node()->DeleteSubrange(number, 1);
      return;
    case 5:
      graph.mutable_node()->SwapElements(number, below(random, graph.node_size()));
      return;
    default:
      mutate_attribute(node, random);
  }
}

}  // namespace

void mutate_model(onnx::ModelProto& model, Random& random) {
  std::vector<onnx::GraphProto*> graphs;
  for_each_graph(*model.mutable_graph(),
                 [&](onnx::GraphProto& graph) { graphs.push_back(&graph); });
  auto& graph = *graphs[random() % graphs.size()];
  const int choice = below(random, 10);
  if (choice == 0 && model.opset_import_size() > 0) {
    model.mutable_opset_import(0)->set_version(1 + below(random, 24));
  } else if (choice == 1 && graph.initializer_size() > 0) {
    // An initializer that is an input as well.
    const auto& tensor = graph.initializer(below(random, graph.initializer_size()));
    auto& input = *graph.add_input();
    input.set_name(tensor.name());
    auto& type = *input.mutable_type()->mutable_tensor_type();
    type.set_elem_type(tensor.data_type());
    for (const int64_t dim : tensor.dims()) type.mutable_shape()->add_dim()->set_dim_value(dim);
  } else if (choice == 2 && graph.output_size() > 0) {
    const auto values = values_of(graph);
    auto& output = *graph.add_output();
    output = graph.output(0);
    output.set_name(values[random() % values.size()]);
  } else if (choice < 5) {
    std::vector<onnx::TensorProto*> tensors;
    for_each_tensor(model, [&](onnx::TensorProto& tensor) { tensors.push_back(&tensor); });
    if (!tensors.empty()) mutate_tensor(*tensors[random() % tensors.size()], random);
  } else {
    mutate_node(graph, random);
  }
}

}  // namespace zp
