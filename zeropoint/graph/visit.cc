#include "zeropoint/graph/visit.h"

namespace zp {
namespace {

// One body for const and mutable messages: protobuf's accessors have different names for them.
struct Mutable {
  static auto& graph(onnx::AttributeProto& a) { return *a.mutable_g(); }
  static auto& graphs(onnx::AttributeProto& a) { return *a.mutable_graphs(); }
  static auto& nodes(auto& holder) { return *holder.mutable_node(); }
  static auto& attributes(auto& node) { return *node.mutable_attribute(); }
  static auto& tensor(onnx::AttributeProto& a) { return *a.mutable_t(); }
  static auto& tensors(onnx::AttributeProto& a) { return *a.mutable_tensors(); }
  static auto& sparse(onnx::AttributeProto& a) { return *a.mutable_sparse_tensor(); }
  static auto& sparses(onnx::AttributeProto& a) { return *a.mutable_sparse_tensors(); }
  static auto& initializers(onnx::GraphProto& g) { return *g.mutable_initializer(); }
  static auto& sparse_initializers(onnx::GraphProto& g) { return *g.mutable_sparse_initializer(); }
  static auto& values(onnx::SparseTensorProto& s) { return *s.mutable_values(); }
  static auto& indices(onnx::SparseTensorProto& s) { return *s.mutable_indices(); }
  static auto& graph(onnx::ModelProto& m) { return *m.mutable_graph(); }
  static auto& functions(onnx::ModelProto& m) { return *m.mutable_functions(); }
};
struct Constant {
  static auto& graph(const onnx::AttributeProto& a) { return a.g(); }
  static auto& graphs(const onnx::AttributeProto& a) { return a.graphs(); }
  static auto& nodes(const auto& holder) { return holder.node(); }
  static auto& attributes(const auto& node) { return node.attribute(); }
  static auto& tensor(const onnx::AttributeProto& a) { return a.t(); }
  static auto& tensors(const onnx::AttributeProto& a) { return a.tensors(); }
  static auto& sparse(const onnx::AttributeProto& a) { return a.sparse_tensor(); }
  static auto& sparses(const onnx::AttributeProto& a) { return a.sparse_tensors(); }
  static auto& initializers(const onnx::GraphProto& g) { return g.initializer(); }
  static auto& sparse_initializers(const onnx::GraphProto& g) { return g.sparse_initializer(); }
  static auto& values(const onnx::SparseTensorProto& s) { return s.values(); }
  static auto& indices(const onnx::SparseTensorProto& s) { return s.indices(); }
  static auto& graph(const onnx::ModelProto& m) { return m.graph(); }
  static auto& functions(const onnx::ModelProto& m) { return m.functions(); }
};

template <class Access>
void visit_graphs(auto& graph, const auto& visit) {
  visit(graph);
  for (auto& node : Access::nodes(graph)) {
    for (auto& attribute : Access::attributes(node)) {
      if (attribute.has_g()) visit_graphs<Access>(Access::graph(attribute), visit);
      for (auto& body : Access::graphs(attribute)) visit_graphs<Access>(body, visit);
    }
  }
}

template <class Access>
void visit_sparse(auto& sparse, const auto& visit) {
  if (sparse.has_values()) visit(Access::values(sparse));
  if (sparse.has_indices()) visit(Access::indices(sparse));
}

template <class Access>
void visit_attributes(auto& nodes, const auto& visit) {
  for (auto& node : nodes) {
    for (auto& attribute : Access::attributes(node)) {
      if (attribute.has_t()) visit(Access::tensor(attribute));
      for (auto& tensor : Access::tensors(attribute)) visit(tensor);
      if (attribute.has_sparse_tensor()) visit_sparse<Access>(Access::sparse(attribute), visit);
      for (auto& sparse : Access::sparses(attribute)) visit_sparse<Access>(sparse, visit);
    }
  }
}

template <class Access>
void visit_tensors(auto& model, const auto& visit) {
  const auto in_graph = [&](auto& graph) {
    for (auto& tensor : Access::initializers(graph)) visit(tensor);
    for (auto& sparse : Access::sparse_initializers(graph)) visit_sparse<Access>(sparse, visit);
    visit_attributes<Access>(Access::nodes(graph), visit);
  };
  visit_graphs<Access>(Access::graph(model), in_graph);
  for (auto& function : Access::functions(model)) {
    visit_attributes<Access>(Access::nodes(function), visit);
    for (auto& node : Access::nodes(function)) {
      for (auto& attribute : Access::attributes(node)) {
        if (attribute.has_g()) visit_graphs<Access>(Access::graph(attribute), in_graph);
        for (auto& body : Access::graphs(attribute)) visit_graphs<Access>(body, in_graph);
      }
    }
  }
}

}  // namespace

void for_each_graph(onnx::GraphProto& graph, const std::function<void(onnx::GraphProto&)>& visit) {
  visit_graphs<Mutable>(graph, visit);
}

void for_each_graph(const onnx::GraphProto& graph,
                    const std::function<void(const onnx::GraphProto&)>& visit) {
  visit_graphs<Constant>(graph, visit);
}

void for_each_tensor(onnx::ModelProto& model,
                     const std::function<void(onnx::TensorProto&)>& visit) {
  visit_tensors<Mutable>(model, visit);
}

void for_each_tensor(const onnx::ModelProto& model,
                     const std::function<void(const onnx::TensorProto&)>& visit) {
  visit_tensors<Constant>(model, visit);
}

}  // namespace zp
