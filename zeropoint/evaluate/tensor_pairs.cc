#include "zeropoint/evaluate/tensor_pairs.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "zeropoint/evaluate/output_error.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/values.h"

namespace zp {
namespace {

bool is_float(const ValueInfos& infos, const std::string& value) {
  const auto found = infos.find(value);
  return found != infos.end() && value_kind(found->second.type) == ValueKind::kFloat;
}

// Values that do not depend on the graph's inputs. Nodes are in topological order.
std::unordered_set<std::string> constant_values(const onnx::GraphProto& graph,
                                                const GraphIndex& index) {
  std::unordered_set<std::string> constants;
  for (const auto& node : graph.node()) {
    const auto is_constant = [&](const std::string& input) {
      return input.empty() || constants.contains(input) || index.constant(input) != nullptr;
    };
    const bool has_body = std::ranges::any_of(node.attribute(), [](const auto& attribute) {
      return attribute.has_g() || attribute.graphs_size() > 0;
    });
    // A node without inputs that is no Constant makes random numbers.
    const bool all =
        node.op_type() == "Constant" ||
        (node.input_size() > 0 && !has_body && std::ranges::all_of(node.input(), is_constant));
    if (all) constants.insert(node.output().begin(), node.output().end());
  }
  return constants;
}

class QuantizedGraph {
 public:
  QuantizedGraph(const onnx::GraphProto& graph, ValueInfos infos)
      : graph_(graph), index_(graph), infos_(std::move(infos)) {}

  std::optional<std::string> value_for(const std::string& tensor) const {
    const std::string dequantized = tensor + "_dequantized";
    if (const int node = index_.producer(dequantized);
        node >= 0 && graph_.node(node).op_type() == "DequantizeLinear") {
      return dequantized;
    }
    if (!has_float(tensor)) return std::nullopt;
    return behind_quantizer(tensor).value_or(tensor);
  }

 private:
  // What inference cannot type, behind an operator of another domain, counts as float.
  bool has_float(const std::string& tensor) const {
    if (index_.producer(tensor) < 0 && !index_.is_graph_input(tensor)) return false;
    return !infos_.contains(tensor) || is_float(infos_, tensor) ||
           infos_.at(tensor).type == DataType::kUndefined;
  }

  // The output of the first reader of this type that takes the value as its data.
  std::optional<std::string> read_by(const std::string& value, std::string_view op_type) const {
    for (const Use& use : index_.uses(value)) {
      const auto& node = graph_.node(use.node);
      if (use.input == 0 && node.op_type() == op_type) return node.output(0);
    }
    return std::nullopt;
  }

  std::optional<std::string> behind_quantizer(const std::string& tensor) const {
    const auto codes = read_by(tensor, "QuantizeLinear");
    return codes ? read_by(*codes, "DequantizeLinear") : std::nullopt;
  }

  const onnx::GraphProto& graph_;
  GraphIndex index_;
  ValueInfos infos_;
};

}  // namespace

Result<TensorPairs> match_tensors(const Model& reference, const Model& quantized) {
  ZP_ASSIGN_OR_RETURN(const ValueInfos infos, infer_values(reference));
  ZP_ASSIGN_OR_RETURN(ValueInfos quantized_infos, infer_values(quantized));
  const QuantizedGraph other(quantized.graph(), std::move(quantized_infos));
  const GraphIndex index(reference.graph());
  const auto constants = constant_values(reference.graph(), index);
  TensorPairs result;
  for (const auto& node : reference.graph().node()) {
    for (const std::string& tensor : node.output()) {
      if (tensor.empty() || constants.contains(tensor) || index.is_graph_output(tensor) ||
          !is_float(infos, tensor)) {
        continue;
      }
      if (auto value = other.value_for(tensor)) {
        result.pairs.push_back({tensor, node.op_type(), std::move(*value)});
      } else {
        ++result.unmatched;
      }
    }
  }
  return result;
}

}  // namespace zp
