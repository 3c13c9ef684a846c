#include "zeropoint/graph/skeleton.h"

#include <string>
#include <unordered_map>

#include "zeropoint/graph/tensor_proto.h"

namespace zp {
namespace {

constexpr int64_t kMostElements = 256;

bool is_small(const onnx::TensorProto& tensor) {
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) return false;
  const auto shape = shape_of(tensor);
  return shape && shape->element_count() <= kMostElements;
}

}  // namespace

onnx::ModelProto skeleton_of(const onnx::ModelProto& model) {
  // Field by field, as copying the whole would copy the weights first.
  onnx::ModelProto skeleton;
  skeleton.set_ir_version(model.ir_version());
  *skeleton.mutable_opset_import() = model.opset_import();
  *skeleton.mutable_functions() = model.functions();
  *skeleton.mutable_metadata_props() = model.metadata_props();
  skeleton.set_producer_name(model.producer_name());
  skeleton.set_producer_version(model.producer_version());
  const auto& from = model.graph();
  auto& to = *skeleton.mutable_graph();
  to.set_name(from.name());
  to.set_doc_string(from.doc_string());
  *to.mutable_node() = from.node();
  *to.mutable_input() = from.input();
  *to.mutable_output() = from.output();
  *to.mutable_value_info() = from.value_info();
  *to.mutable_sparse_initializer() = from.sparse_initializer();
  for (const auto& tensor : from.initializer()) {
    auto& copy = *to.add_initializer();
    if (is_small(tensor)) {
      copy = tensor;
      continue;
    }
    copy.set_name(tensor.name());
    copy.set_data_type(tensor.data_type());
    *copy.mutable_dims() = tensor.dims();
  }
  return skeleton;
}

void restore_data(onnx::GraphProto& from, onnx::GraphProto& to) {
  std::unordered_map<std::string, onnx::TensorProto*> originals;
  for (auto& tensor : *from.mutable_initializer()) originals.emplace(tensor.name(), &tensor);
  for (auto& tensor : *to.mutable_initializer()) {
    const auto found = originals.find(tensor.name());
    if (found != originals.end()) tensor.Swap(found->second);
  }
}

}  // namespace zp
