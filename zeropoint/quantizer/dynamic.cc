#include "zeropoint/quantizer/dynamic.h"

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/visit.h"
#include "zeropoint/quantizer/dynamic_nodes.h"
#include "zeropoint/quantizer/weight_forms.h"

namespace zp {
namespace {

// The first IR in which initializers need not be inputs.
constexpr int64_t kFreeInitializersIr = 4;

// The weights of each node that has some, by input.
using Weights = std::map<int, NodeWeight>;

int64_t element_count(const onnx::TensorProto& tensor) {
  int64_t count = 1;
  for (const int64_t dim : tensor.dims()) count *= dim;
  return count;
}

bool read_directly(const WeightUse& use) { return std::ranges::is_sorted(use.permutation); }

std::optional<std::string> why_not_matmul(const onnx::NodeProto& node, const Weights& weights) {
  const auto right = weights.find(1);
  if (right == weights.end()) return "its weight is on the left";
  const auto rank = right->second.use->permutation.size();
  if (rank > 2 && !read_directly(*right->second.use)) return "its weights are transposed";
  if (!is_op(node, "Gemm")) return std::nullopt;
  if (int_attribute(node, "transA", 0) != 0) return "it transposes its data";
  const bool has_bias = node.input_size() > 2 && !node.input(2).empty();
  if (has_bias && float_attribute(node, "beta", 1) != 1) return "it scales its bias";
  return std::nullopt;
}

std::optional<std::string> why_not_conv(const onnx::NodeProto& node, const Weights& weights) {
  const auto& weight = weights.at(1);
  if (!read_directly(*weight.use)) return "its weights are transposed";
  if (int_attribute(node, "group", 1) > 1 && weight.weight->tensor->dims(1) == 1) {
    return "a depthwise convolution is faster in float";
  }
  return std::nullopt;
}

std::optional<std::string> why_not_lstm(const onnx::NodeProto& node, const Weights& weights) {
  if (weights.size() != 2) return "not both of its weights are constant";
  if (int_attribute(node, "layout", 0) != 0) return "DynamicQuantizeLSTM has no batch-first layout";
  for (const auto& [input, weight] : weights) {
    if (!read_directly(*weight.use)) return "its weights are transposed";
  }
  return std::nullopt;
}

// Why the node stays float; nothing where it is quantized.
std::optional<std::string> why_float(const onnx::NodeProto& node, const Weights& weights,
                                     const DynamicOptions& options) {
  if (!options.selection.contains(node)) return "it is not selected";
  int64_t elements = 0;
  for (const auto& [input, weight] : weights) {
    const auto& tensor = *weight.weight->tensor;
    if (tensor.data_type() != onnx::TensorProto::FLOAT && !is_op(node, "Gather")) {
      return "DynamicQuantizeLinear takes float32 alone";
    }
    elements += element_count(tensor);
  }
  if (elements < std::max<int64_t>(options.min_elements, 1)) {
    return fmt::format("{} elements of weights are fewer than {}", elements, options.min_elements);
  }
  if (is_op(node, "MatMul") || is_op(node, "Gemm")) return why_not_matmul(node, weights);
  if (is_op(node, "Conv")) return why_not_conv(node, weights);
  if (is_op(node, "LSTM")) return why_not_lstm(node, weights);
  if (is_op(node, "Gather")) {
    const auto& use = *weights.at(0).use;
    if (read_directly(use) && use.channel_axis == 0) return std::nullopt;
    return "it does not look up rows of a constant";
  }
  return "there is no integer form of " + node.op_type();
}

class Quantizer {
 public:
  Quantizer(Model& model, const DynamicOptions& options)
      : model_(model),
        options_(options),
        names_(model.graph()),
        weights_(find_weights(model.proto())),
        writer_(model, names_, options) {
    for (const auto& weight : weights_) {
      for (const auto& use : weight.uses) of_node_[use.node][use.input] = {&weight, &use};
    }
    for_each_graph(model.graph(), [&](onnx::GraphProto& graph) {
      for (auto& node : *graph.mutable_node()) {
        if (of_node_.contains(&node)) nodes_.push_back(&node);
      }
    });
  }

  Result<DynamicReport> run(const ProgressCallback& progress) {
    const auto total = static_cast<int64_t>(nodes_.size());
    for (int64_t i = 0; i < total; ++i) {
      ZP_RETURN_IF_ERROR(report_progress(progress, {"quantizing weights", i, total}));
      ZP_RETURN_IF_ERROR(visit(*nodes_[static_cast<size_t>(i)]));
    }
    ZP_RETURN_IF_ERROR(write_tables());
    ZP_RETURN_IF_ERROR(report_progress(progress, {"quantizing weights", total, total}));
    for (const Weight* weight : counted_) {
      report_.bytes_before += static_cast<size_t>(element_count(*weight->tensor)) *
                              static_cast<size_t>(bits(type_of(*weight))) / 8;
    }
    report_.bytes_after += writer_.bytes_written();
    model_.proto().set_ir_version(std::max(model_.proto().ir_version(), kFreeInitializersIr));
    std::vector<const Weight*> all;
    for (const auto& weight : weights_) all.push_back(&weight);
    ZP_RETURN_IF_ERROR(remove_unread(model_.graph(), all));
    return std::move(report_);
  }

 private:
  static DataType type_of(const Weight& weight) {
    return static_cast<DataType>(weight.tensor->data_type());
  }

  Status visit(onnx::NodeProto& node) {
    const auto& weights = of_node_.at(&node);
    const std::string description = describe(node);
    if (auto reason = why_float(node, weights, options_)) {
      report_.left.push_back({description, std::move(*reason)});
      return {};
    }
    for (const auto& [input, weight] : weights) {
      if (std::ranges::find(counted_, weight.weight) == counted_.end()) {
        counted_.push_back(weight.weight);
      }
    }
    if (is_op(node, "Gather")) {
      tables_[weights.at(0).weight].push_back(*weights.at(0).use);
    } else if (is_op(node, "Conv")) {
      ZP_RETURN_IF_ERROR(writer_.write_conv(weights.at(1)));
    } else if (is_op(node, "LSTM")) {
      ZP_RETURN_IF_ERROR(writer_.write_lstm(weights.at(1), weights.at(2)));
      if (opset_version(model_.proto(), node.domain()) == 0) {
        set_opset_version(model_.proto(), node.domain(), 1);
      }
    } else {
      ZP_RETURN_IF_ERROR(writer_.write_matmul(weights.at(1)));
    }
    report_.quantized.push_back({description, node.op_type()});
    return {};
  }

  // Once all readers of a table are known: they share its codes.
  Status write_tables() {
    for (const auto& weight : weights_) {
      const auto found = tables_.find(&weight);
      if (found == tables_.end()) continue;
      PlannedWeight planned{weight, WeightForm::kDequantizeLinear, {}, false, {}};
      planned.weight.uses = found->second;
      planned.format.narrow = NarrowRange::kYes;
      ZP_ASSIGN_OR_RETURN(const auto written, write_dequantize(model_, names_, planned));
      report_.bytes_after += written.bytes_after;
    }
    return {};
  }

  Model& model_;
  const DynamicOptions& options_;
  UniqueNames names_;
  std::vector<Weight> weights_;
  DynamicWriter writer_;
  std::map<const onnx::NodeProto*, Weights> of_node_;
  std::vector<onnx::NodeProto*> nodes_;  // those with weights, in order
  std::map<const Weight*, std::vector<WeightUse>> tables_;
  std::vector<const Weight*> counted_;
  DynamicReport report_;
};

}  // namespace

Result<DynamicReport> quantize_dynamic(Model& model, const DynamicOptions& options,
                                       const ProgressCallback& progress) {
  if (options.weights != IntType::kInt8 && options.weights != IntType::kUint8) {
    return invalid_argument(fmt::format(
        "weights of type {}; dynamic quantization takes int8 or uint8", options.weights.name()));
  }
  if (const auto version = opset_version(model.proto()); version < kDynamicOpset) {
    return invalid_argument(
        fmt::format("{}: version {} of the operator set; dynamic quantization needs {}",
                    model.name(), version, kDynamicOpset));
  }
  return Quantizer(model, options).run(progress);
}

}  // namespace zp
