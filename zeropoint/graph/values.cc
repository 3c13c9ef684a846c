#include "zeropoint/graph/values.h"

#include <fmt/format.h>
#include <exception>

#include "zeropoint/graph/onnx_library.h"
#include "zeropoint/graph/skeleton.h"
#include "zeropoint/graph/visit.h"

namespace zp {

namespace {

// ONNX does not know ONNX Runtime's own operators; these give what they are given, which is all
// that inference has to know.
void stand_in_for_contributed_operators(onnx::GraphProto& graph) {
  for (auto& node : *graph.mutable_node()) {
    if (node.domain() != "com.microsoft" || node.op_type() != "QuickGelu") continue;
    node.clear_domain();
    node.set_op_type("Identity");
    node.clear_attribute();
  }
}

}  // namespace

ValueInfo declared(const onnx::ValueInfoProto& value) {
  ValueInfo info;
  if (!value.type().has_tensor_type()) return info;
  const auto& type = value.type().tensor_type();
  if (is_known_data_type(type.elem_type())) info.type = static_cast<DataType>(type.elem_type());
  if (!type.has_shape()) return info;
  info.dims.emplace();
  for (const auto& dim : type.shape().dim()) {
    info.dims->push_back(dim.has_dim_value() ? dim.dim_value() : -1);
  }
  return info;
}

Status add_value_infos(onnx::ModelProto& model) {
  try {
    onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(),
                                       onnx::ShapeInferenceOptions(false, 0, true));
  } catch (const std::exception& error) {
    return invalid_data(fmt::format("ONNX's shape inference: {}", onnx_reason(error)));
  }
  return {};
}

ValueInfos read_value_infos(const onnx::GraphProto& graph) {
  ValueInfos infos;
  for (const auto& value : graph.value_info()) infos[value.name()] = declared(value);
  for (const auto& value : graph.output()) infos[value.name()] = declared(value);
  for (const auto& value : graph.input()) infos[value.name()] = declared(value);
  for (const auto& tensor : graph.initializer()) {
    infos[tensor.name()] = {static_cast<DataType>(tensor.data_type()),
                            std::vector<int64_t>(tensor.dims().begin(), tensor.dims().end())};
  }
  return infos;
}

Result<ValueInfos> infer_values(const Model& model) { return infer_values(model, {}); }

Result<ValueInfos> infer_values(const Model& model, const InputDims& inputs) {
  onnx::ModelProto skeleton = skeleton_of(model.proto());
  for (auto& input : *skeleton.mutable_graph()->mutable_input()) {
    const auto given = inputs.find(input.name());
    if (given == inputs.end() || !input.type().has_tensor_type()) continue;
    auto& shape = *input.mutable_type()->mutable_tensor_type()->mutable_shape();
    shape.clear_dim();
    for (const int64_t dim : given->second) shape.add_dim()->set_dim_value(dim);
  }
  stand_in_for_contributed_operators(*skeleton.mutable_graph());
  // What was inferred for open sizes would stand in the way.
  if (!inputs.empty()) skeleton.mutable_graph()->clear_value_info();
  if (auto status = add_value_infos(skeleton); !status) {
    return tl::unexpected<Error>(std::move(status).error().at(model.name()));
  }
  return read_value_infos(skeleton.graph());
}

}  // namespace zp
