#include "zeropoint/evaluate/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "zeropoint/evaluate/inspect_tensors.h"
#include "zeropoint/evaluate/inspect_traps.h"
#include "zeropoint/graph/visit.h"
#include "zeropoint/targets/fusion_graph.h"
#include "zeropoint/targets/fusion_rules.h"

namespace zp {
namespace {

size_t data_size(const onnx::TensorProto& tensor) {
  std::vector<int64_t> dims(tensor.dims().begin(), tensor.dims().end());
  const auto shape = Shape::make(std::move(dims));
  if (!shape || !is_known_data_type(tensor.data_type())) return tensor.ByteSizeLong();
  const auto size = byte_size(static_cast<DataType>(tensor.data_type()), *shape);
  return size ? *size : tensor.ByteSizeLong();
}

// Codes that MatMulNBits packs are uint8 in the file; they count as what they are.
ConstantSizes sizes_of(const onnx::ModelProto& model, const std::vector<InspectedWeight>& weights) {
  std::unordered_map<std::string, DataType> packed;
  for (const auto& weight : weights) {
    if (bits(weight.scales.type) < 8) packed.emplace(weight.tensor, weight.scales.type);
  }
  ConstantSizes sizes;
  for_each_tensor(model, [&](const onnx::TensorProto& tensor) {
    const size_t size = data_size(tensor);
    switch (static_cast<DataType>(tensor.data_type())) {
      case DataType::kFloat:
      case DataType::kFloat16:
      case DataType::kBfloat16:
      case DataType::kDouble:
        sizes.floats += size;
        break;
      case DataType::kInt8:
      case DataType::kUint8:
        (packed.contains(tensor.name()) ? sizes.below_8_bits : sizes.int8) += size;
        break;
      case DataType::kInt4:
      case DataType::kUint4:
      case DataType::kInt2:
      case DataType::kUint2:
        sizes.below_8_bits += size;
        break;
      case DataType::kInt16:
      case DataType::kUint16:
        sizes.int16 += size;
        break;
      case DataType::kInt32:
        sizes.int32 += size;
        break;
      default:
        sizes.others += size;
    }
  });
  return sizes;
}

void see_model(const Model& model, Inspection& inspection) {
  const auto& proto = model.proto();
  inspection.model = model.name();
  inspection.ir_version = proto.ir_version();
  std::set<std::string> domains{""};
  for_each_graph(proto.graph(), [&](const onnx::GraphProto& graph) {
    for (const auto& node : graph.node()) domains.insert(node.domain());
  });
  for (const auto& opset : proto.opset_import()) {
    if (!domains.contains(opset.domain())) continue;
    inspection.opsets.emplace_back(opset.domain(), opset.version());
  }
  inspection.producer = proto.producer_name();
  if (!proto.producer_version().empty()) inspection.producer += " " + proto.producer_version();
  for (const auto& entry : proto.metadata_props()) {
    if (entry.key().starts_with("zeropoint.") && entry.key() != "zeropoint.plan") {
      inspection.metadata[entry.key()] = entry.value();
    }
  }
  inspection.size = proto.ByteSizeLong();
  for_each_tensor(proto, [&](const onnx::TensorProto& tensor) {
    if (tensor.data_location() == onnx::TensorProto::EXTERNAL) inspection.size += data_size(tensor);
  });
  for (const auto& node : proto.graph().node()) {
    ++inspection.operators[node.op_type()];
    for (const auto& attribute : node.attribute()) {
      inspection.has_bodies |= attribute.has_g() || attribute.graphs_size() > 0;
    }
  }
}

void count_products(const std::vector<NodeMacs>& counts, Inspection& inspection) {
  std::unordered_map<int, const NodeMacs*> by_node;
  for (const auto& count : counts) by_node.emplace(count.node, &count);
  for (auto& node : inspection.nodes) {
    const auto found = by_node.find(node.node);
    if (found != by_node.end()) node.macs = *found->second;
    if (!node.macs) continue;
    inspection.macs_unknown += node.macs->is_unknown;
    MacTotals& totals = inspection.macs[node.macs->kind];
    totals.all += node.macs->macs;
    if (node.macs->is_int8) totals.written_int8 += node.macs->macs;
    const Execution execution = node.prediction.execution;
    if (execution == Execution::kInt8) totals.predicted_int8 += node.macs->macs;
    if (execution == Execution::kWeightOnly) totals.predicted_weight_only += node.macs->macs;
  }
}

}  // namespace

std::string_view name(Granularity granularity) {
  switch (granularity) {
    case Granularity::kPerChannel:
      return "per channel";
    case Granularity::kBlocked:
      return "blocked";
    case Granularity::kPerTensor:
      break;
  }
  return "per tensor";
}

Result<Inspection> inspect(const Model& model, Runtime runtime,
                           const std::map<std::string, std::vector<int64_t>>& input_shapes) {
  Inspection inspection;
  inspection.runtime = runtime;
  see_model(model, inspection);
  ZP_ASSIGN_OR_RETURN(const FusionGraph graph, FusionGraph::of(model));
  ZP_ASSIGN_OR_RETURN(InspectedTensors tensors, inspect_tensors(model, graph));
  inspection.activations = std::move(tensors.activations);
  inspection.weights = std::move(tensors.weights);
  inspection.biases = std::move(tensors.biases);
  inspection.constants = sizes_of(model.proto(), inspection.weights);
  ZP_ASSIGN_OR_RETURN(auto predictions, predict_fusion(model, runtime));
  for (auto& prediction : predictions) {
    const auto& node = model.graph().node(prediction.node);
    inspection.has_integer_ops |=
        is_integer_op(graph.node(prediction.node)) || node.op_type() == "MatMulNBits";
    inspection.nodes.push_back(
        {prediction.node, name_of(node), node.op_type(), std::nullopt, std::move(prediction)});
  }
  ZP_ASSIGN_OR_RETURN(const ValueInfos values, infer_values_with(model, input_shapes));
  count_products(count_macs(model.graph(), values), inspection);
  inspection.traps = find_traps(graph, inspection);
  return inspection;
}

}  // namespace zp
