#include "zeropoint/passes/fold_constants.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/tensor_proto.h"
#include "zeropoint/passes/evaluate.h"

namespace zp {
namespace {

constexpr size_t kLargestOperand = size_t{128} << 20;

// One sweep over the nodes, in their order, with what it has made so far.
struct Folder {
  const Model& model;
  const onnx::GraphProto& graph;
  const GraphIndex& index;
  const ValueInfos& values;
  std::unordered_map<std::string, const onnx::TensorProto*> made;

  const onnx::TensorProto* constant(const std::string& name) const {
    const auto found = made.find(name);
    return found == made.end() ? index.constant(name) : found->second;
  }
};

size_t size_of(const onnx::TensorProto& tensor) {
  const auto shape = shape_of(tensor);
  if (!shape) return 0;
  return byte_size(static_cast<DataType>(tensor.data_type()), *shape).value_or(0);
}

// The dimensions of the value, if all are known.
std::optional<std::vector<int64_t>> known_dims(const Folder& folder, const std::string& name) {
  if (const auto* tensor = folder.constant(name)) {
    return std::vector<int64_t>(tensor->dims().begin(), tensor->dims().end());
  }
  const auto found = folder.values.find(name);
  if (found == folder.values.end() || !found->second.dims) return std::nullopt;
  const auto& dims = *found->second.dims;
  if (std::ranges::any_of(dims, [](int64_t dim) { return dim < 0; })) return std::nullopt;
  return dims;
}

std::optional<Tensor> evaluate_shape(const Folder& folder, const onnx::NodeProto& node) {
  const auto dims = known_dims(folder, node.input(0));
  if (!dims) return std::nullopt;
  if (is_op(node, "Size")) {
    const auto shape = Shape::make(*dims);
    if (!shape) return std::nullopt;
    return Tensor::of<int64_t>(Shape(), std::array{shape->element_count()}).value();
  }
  const auto rank = static_cast<int64_t>(dims->size());
  const auto clamped = [&](int64_t position) {
    return std::clamp(position < 0 ? position + rank : position, int64_t{0}, rank);
  };
  const int64_t start = clamped(int_attribute(node, "start", 0));
  const int64_t end = std::max(start, clamped(int_attribute(node, "end", rank)));
  const std::vector<int64_t> part(dims->begin() + start, dims->begin() + end);
  return Tensor::of<int64_t>(Shape::make({end - start}).value(), part).value();
}

bool is_wide_float(const onnx::TensorProto& tensor) {
  return tensor.data_type() == onnx::TensorProto::FLOAT16 ||
         tensor.data_type() == onnx::TensorProto::BFLOAT16 ||
         tensor.data_type() == onnx::TensorProto::DOUBLE;
}

// What the node makes, if it can be folded. `freed` becomes what its operands took.
Result<std::optional<Tensor>> match(const Folder& folder, const onnx::NodeProto& node,
                                    size_t growth_left, size_t& freed) {
  if (!can_evaluate(node)) return std::nullopt;
  std::vector<const onnx::TensorProto*> sources;
  std::unordered_set<std::string> seen;
  bool cast_may_grow = is_op(node, "Cast");
  for (const auto& input : node.input()) {
    const auto* tensor = input.empty() ? nullptr : folder.constant(input);
    if (!tensor && !input.empty()) return std::nullopt;
    sources.push_back(tensor);
    if (!tensor || !seen.insert(input).second) continue;
    const size_t size = size_of(*tensor);
    if (size > kLargestOperand) return std::nullopt;
    const auto uses = folder.index.uses(input);
    const bool goes = std::ranges::all_of(uses, [&](const Use& use) {
      return use.input != Use::kInBody && &folder.graph.node(use.node) == &node;
    });
    if (goes && !folder.index.is_graph_output(input)) freed += size;
    cast_may_grow = cast_may_grow && goes && is_wide_float(*tensor);
  }
  std::vector<Tensor> values(sources.size());
  Operands operands(sources.size());
  for (size_t i = 0; i < sources.size(); ++i) {
    if (!sources[i]) continue;
    if (sources[i]->data_type() == onnx::TensorProto::STRING) return std::nullopt;
    ZP_ASSIGN_OR_RETURN(values[i], folder.model.read(*sources[i]));
    operands[i] = &values[i];
  }
  return evaluate(node, operands, freed * (cast_may_grow ? 2 : 1) + growth_left);
}

}  // namespace

size_t allowed_growth(const Model& model) { return (size_t{64} << 10) + model.data_size() / 100; }

Result<int> fold_constants(Model& model, onnx::GraphProto& graph, const ValueInfos& values,
                           size_t& growth_left) {
  const GraphIndex index(graph);
  Folder folder{model, graph, index, values, {}};
  std::vector<int> folded;
  for (int i = 0; i < graph.node_size(); ++i) {
    const auto& node = graph.node(i);
    if (node.output_size() != 1 || index.is_graph_output(node.output(0))) continue;
    std::optional<Tensor> value;
    size_t freed = 0;
    if ((is_op(node, "Shape") || is_op(node, "Size")) && node.input_size() == 1) {
      value = evaluate_shape(folder, node);
    } else {
      ZP_ASSIGN_OR_RETURN(value, match(folder, node, growth_left, freed));
    }
    if (!value) continue;
    const size_t size = value->bytes().size();
    if (size > freed) growth_left -= std::min(growth_left, size - freed);
    auto& initializer = *graph.add_initializer();
    initializer.set_name(node.output(0));
    ZP_RETURN_IF_ERROR(model.write(initializer, *value));
    folder.made[node.output(0)] = &initializer;
    folded.push_back(i);
  }
  remove_nodes(graph, folded);
  if (!folded.empty()) remove_unused(graph);
  return static_cast<int>(folded.size());
}

}  // namespace zp
