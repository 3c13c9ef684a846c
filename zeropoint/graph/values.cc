#include "zeropoint/graph/values.h"

#include <fmt/format.h>
#include <exception>

#include "zeropoint/graph/onnx_library.h"
#include "zeropoint/graph/skeleton.h"
#include "zeropoint/graph/visit.h"

namespace zp {

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

Result<ValueInfos> infer_values(const Model& model) {
  onnx::ModelProto skeleton = skeleton_of(model.proto());
  if (auto status = add_value_infos(skeleton); !status) {
    return tl::unexpected<Error>(std::move(status).error().at(model.name()));
  }
  return read_value_infos(skeleton.graph());
}

}  // namespace zp
