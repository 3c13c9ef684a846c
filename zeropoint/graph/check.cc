#include "zeropoint/graph/check.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <exception>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/external_data.h"
#include "zeropoint/graph/onnx_library.h"
#include "zeropoint/graph/skeleton.h"
#include "zeropoint/graph/tensor_proto.h"
#include "zeropoint/graph/visit.h"

namespace zp {
namespace {

using Names = std::unordered_set<std::string>;

Status check_graph(const onnx::GraphProto& graph, const Names& around) {
  Names known = around;
  Names own;
  for (const auto& input : graph.input()) {
    if (!own.insert(input.name()).second) {
      return invalid_data(fmt::format("input \"{}\" is there twice", input.name()));
    }
  }
  // An initializer may be an input too: its default value.
  Names initializers;
  const auto add_initializer = [&](const std::string& name) -> Status {
    if (initializers.insert(name).second) return {};
    return invalid_data(fmt::format("initializer \"{}\" is there twice", name));
  };
  for (const auto& tensor : graph.initializer()) {
    ZP_RETURN_IF_ERROR(add_initializer(tensor.name()));
  }
  for (const auto& tensor : graph.sparse_initializer()) {
    ZP_RETURN_IF_ERROR(add_initializer(tensor.values().name()));
  }
  own.insert(initializers.begin(), initializers.end());
  std::unordered_map<std::string, const onnx::NodeProto*> makers;
  for (const auto& node : graph.node()) {
    for (const auto& output : node.output()) {
      if (output.empty()) continue;
      const auto [other, fresh] = makers.emplace(output, &node);
      if (!fresh) {
        return invalid_data(fmt::format("value \"{}\" is made twice, by {} and by {}", output,
                                        describe(*other->second), describe(node)));
      }
      if (own.contains(output)) {
        return invalid_data(
            fmt::format("value \"{}\" is made by {}, and is an input or initializer as well",
                        output, describe(node)));
      }
      known.insert(output);
    }
  }
  known.insert(own.begin(), own.end());
  for (const auto& node : graph.node()) {
    for (const auto& input : node.input()) {
      if (input.empty() || known.contains(input)) continue;
      return invalid_data(
          fmt::format("{} reads \"{}\", which nothing makes", describe(node), input));
    }
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_g()) ZP_RETURN_IF_ERROR(check_graph(attribute.g(), known));
      for (const auto& body : attribute.graphs()) ZP_RETURN_IF_ERROR(check_graph(body, known));
    }
  }
  for (const auto& output : graph.output()) {
    if (!known.contains(output.name())) {
      return invalid_data(fmt::format("output \"{}\" is made by nothing", output.name()));
    }
  }
  return topological_order(graph).map([](const auto&) {});
}

bool has_shape(const onnx::ValueInfoProto& value) {
  return !value.type().has_tensor_type() || value.type().tensor_type().has_shape();
}

bool is_without_data(const onnx::TensorProto& tensor) {
  const auto shape = shape_of(tensor);
  return shape && shape->element_count() > 0 && !check_data(tensor);
}

// Adds an input of this name with the tensor's type and shape to `graph`.
void add_input(onnx::GraphProto& graph, const std::string& name, const onnx::TensorProto& tensor) {
  auto& input = *graph.add_input();
  input.set_name(name);
  auto& type = *input.mutable_type()->mutable_tensor_type();
  type.set_elem_type(tensor.data_type());
  type.mutable_shape();
  for (const int64_t dim : tensor.dims()) type.mutable_shape()->add_dim()->set_dim_value(dim);
}

// Takes the initializers that `goes` names out of the graph.
template <class Goes>
void erase_initializers(onnx::GraphProto& graph, const Goes& goes) {
  google::protobuf::RepeatedPtrField<onnx::TensorProto> kept;
  for (auto& tensor : *graph.mutable_initializer()) {
    if (!goes(tensor)) kept.Add()->Swap(&tensor);
  }
  graph.mutable_initializer()->Swap(&kept);
}

// Operators of ONNX's first days, which it accepts with a warning on standard output.
void hide_experimental(onnx::GraphProto& graph) {
  constexpr std::array kExperimental{"ATen",
                                     "Affine",
                                     "ConstantFill",
                                     "Crop",
                                     "DynamicSlice",
                                     "GRUUnit",
                                     "GivenTensorFill",
                                     "ImageScaler",
                                     "ParametricSoftplus",
                                     "Scale",
                                     "ScaledTanh"};
  for (auto& node : *graph.mutable_node()) {
    const auto same = [&](const char* name) { return is_op(node, name); };
    if (std::ranges::any_of(kExperimental, same)) node.set_domain("experimental");
  }
}

// What the checker is shown: weights, which it would copy or look for in the current folder, are
// inputs of the main graph with their types and shapes.
onnx::ModelProto without_weights(const onnx::ModelProto& model) {
  onnx::ModelProto shown = skeleton_of(model);
  auto& main = *shown.mutable_graph();
  UniqueNames names(main);
  Names inputs;
  for (const auto& input : main.input()) inputs.insert(input.name());
  erase_initializers(main, [&](const onnx::TensorProto& tensor) {
    if (!is_without_data(tensor)) return false;
    if (!inputs.contains(tensor.name())) add_input(main, tensor.name(), tensor);
    return true;
  });
  // A body reads its own from outside then, under a name that no other body has.
  for_each_graph(main, [&](onnx::GraphProto& body) {
    if (&body == &main) return;
    erase_initializers(body, [&](const onnx::TensorProto& tensor) {
      if (!is_external(tensor)) return false;
      const std::string name = names(tensor.name());
      add_input(main, name, tensor);
      replace_uses(body, tensor.name(), name);
      for (auto& output : *body.mutable_output()) {
        if (output.name() == tensor.name()) output.set_name(name);
      }
      return true;
    });
  });
  for_each_graph(main, hide_experimental);
  set_opset_version(shown, "experimental", 1);
  // Of what attributes hold beside the model nothing but the size matters.
  for_each_tensor(shown, [](onnx::TensorProto& tensor) {
    if (!is_external(tensor)) return;
    const auto data = ExternalData::of(tensor);
    clear_data(tensor);
    if (data) tensor.set_raw_data(std::string(data->length, '\0'));
  });
  return shown;
}

}  // namespace

Status check_structure(const onnx::ModelProto& model) {
  Status status;
  for_each_tensor(model, [&](const onnx::TensorProto& tensor) {
    if (status) status = check_data(tensor);
  });
  ZP_RETURN_IF_ERROR(status);
  return check_graph(model.graph(), {});
}

Status check_with_onnx(const Model& model) {
  Status status;
  for_each_tensor(model.proto(), [&](const onnx::TensorProto& tensor) {
    if (status) status = check_data(tensor);
  });
  if (!status) return tl::unexpected<Error>(std::move(status).error().at(model.name()));
  onnx::ModelProto shown = without_weights(model.proto());
  // The checker asks for the rank of every output. Runtimes do not, and not every rank is known.
  google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> outputs;
  for (auto& output : *shown.mutable_graph()->mutable_output()) {
    if (has_shape(output)) outputs.Add()->Swap(&output);
  }
  shown.mutable_graph()->mutable_output()->Swap(&outputs);
  try {
    // Local functions of another operator set are for inlining to bring along.
    onnx::checker::check_model(shown, /*full_check=*/true,
                               /*skip_opset_compatibility_check=*/true);
  } catch (const std::exception& error) {
    return invalid_data(fmt::format("{}: ONNX's checker: {}", model.name(), onnx_reason(error)));
  }
  return {};
}

}  // namespace zp
