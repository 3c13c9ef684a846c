#include "zeropoint/evaluate/macs.h"

#include <algorithm>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"

namespace zp {
namespace {

using Dims = std::vector<int64_t>;

// The sizes of a value, with 1 for what is not known; empty where not even the rank is.
Dims dims_of(const ValueInfos& values, const std::string& value) {
  const auto found = values.find(value);
  if (found == values.end() || !found->second.dims) return {};
  Dims dims = *found->second.dims;
  for (int64_t& dim : dims) dim = std::max<int64_t>(dim, 1);
  return dims;
}

int64_t product(const Dims& dims) {
  int64_t elements = 1;
  for (const int64_t dim : dims) elements *= dim;
  return elements;
}

int64_t macs_of(const onnx::NodeProto& node, const ValueInfos& values) {
  if (node.input_size() < 2) return 0;
  const Dims data = dims_of(values, node.input(0));
  const Dims weight = dims_of(values, node.input(1));
  const Dims output = dims_of(values, node.output(0));
  if (is_op(node, "Conv")) {
    return weight.empty() || output.empty() ? 0 : product(output) * product(weight) / weight[0];
  }
  if (is_op(node, "ConvTranspose")) {
    return weight.empty() || data.empty() ? 0 : product(data) * product(weight) / weight[0];
  }
  if (output.empty() || data.empty()) return 0;
  const bool transposed = is_op(node, "Gemm") && int_attribute(node, "transA", 0) != 0;
  return product(output) * (transposed ? data.front() : data.back());
}

bool is_weight(const onnx::GraphProto& graph, const GraphIndex& index, const std::string& value) {
  if (index.constant(value)) return true;
  const int maker = index.producer(value);
  return maker >= 0 &&
         (is_op(graph.node(maker), "DequantizeLinear") ||
          is_op(graph.node(maker), "QuantizeLinear")) &&
         is_weight(graph, index, graph.node(maker).input(0));
}

}  // namespace

std::vector<NodeMacs> count_macs(const onnx::GraphProto& graph, const ValueInfos& values) {
  const GraphIndex index(graph);
  std::vector<NodeMacs> counts;
  for (int i = 0; i < graph.node_size(); ++i) {
    const auto& node = graph.node(i);
    const bool counted = is_op(node, "Conv") || is_op(node, "ConvTranspose") ||
                         is_op(node, "Gemm") || is_op(node, "MatMul");
    if (!counted || node.input_size() < 2) continue;
    counts.push_back(
        {i, macs_of(node, values),
         is_weight(graph, index, node.input(0)) || is_weight(graph, index, node.input(1))});
  }
  return counts;
}

}  // namespace zp
