#include "zeropoint/evaluate/macs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"

namespace zp {
namespace {

using Dims = std::vector<int64_t>;

enum class Family { kConv, kConvTranspose, kProduct, kRecurrent, kNBits };
enum class Takes { kFloats, kIntegers };

// Where an operator has its factors.
struct Operator {
  std::string_view op;
  Family family;
  Takes takes = Takes::kFloats;
  int weight = 1;
};

constexpr std::array<Operator, 18> kOperators{{
    {"Conv", Family::kConv},
    {"FusedConv", Family::kConv},
    {"ConvInteger", Family::kConv, Takes::kIntegers},
    {"QLinearConv", Family::kConv, Takes::kIntegers, 3},
    {"ConvTranspose", Family::kConvTranspose},
    {"Gemm", Family::kProduct},
    {"MatMul", Family::kProduct},
    {"FusedMatMul", Family::kProduct},
    {"MatMulInteger", Family::kProduct, Takes::kIntegers},
    {"MatMulIntegerToFloat", Family::kProduct, Takes::kIntegers},
    {"DynamicQuantizeMatMul", Family::kProduct, Takes::kIntegers},
    {"QLinearMatMul", Family::kProduct, Takes::kIntegers, 3},
    {"QGemm", Family::kProduct, Takes::kIntegers, 3},
    {"MatMulNBits", Family::kNBits},
    {"LSTM", Family::kRecurrent},
    {"GRU", Family::kRecurrent},
    {"RNN", Family::kRecurrent},
    {"DynamicQuantizeLSTM", Family::kRecurrent, Takes::kIntegers},
}};

// What may stand between a DequantizeLinear and a product without changing values.
constexpr std::array<std::string_view, 9> kKeepsValues = {"Reshape", "Transpose", "Flatten",
                                                          "Squeeze", "Unsqueeze", "MaxPool",
                                                          "Slice",   "Gather",    "Identity"};

int64_t product(std::span<const int64_t> dims) {
  int64_t elements = 1;
  for (const int64_t dim : dims) elements *= dim;
  return elements;
}

class Counter {
 public:
  Counter(const onnx::GraphProto& graph, const ValueInfos& values)
      : graph_(graph), values_(values), index_(graph) {}

  std::optional<NodeMacs> count(int number) const {
    const auto& node = graph_.node(number);
    const auto* found = std::ranges::find(kOperators, node.op_type(), &Operator::op);
    if (found == kOperators.end() || found->weight >= node.input_size()) return std::nullopt;
    NodeMacs result;
    result.node = number;
    const auto macs = macs_of(node, *found);
    result.macs = macs.value_or(0);
    result.is_unknown = !macs;
    const bool weighted = is_constant(node.input(0)) || is_constant(node.input(found->weight));
    result.kind = found->family == Family::kRecurrent ? ProductKind::kRecurrent
                  : weighted                          ? ProductKind::kWeights
                                                      : ProductKind::kActivations;
    result.is_int8 = found->takes == Takes::kIntegers ||
                     (is_8_bit(node.input(0)) && is_8_bit(node.input(found->weight)));
    return result;
  }

 private:
  // The sizes of a value, with 1 for what is not known; empty where not even the rank is.
  Dims dims_of(const std::string& value) const {
    const auto found = values_.find(value);
    if (found == values_.end() || !found->second.dims) return {};
    Dims dims = *found->second.dims;
    for (int64_t& dim : dims) dim = std::max<int64_t>(dim, 1);
    return dims;
  }

  std::optional<int64_t> macs_of(const onnx::NodeProto& node, const Operator& op) const {
    const Dims data = dims_of(node.input(0));
    const Dims weight = dims_of(node.input(op.weight));
    const Dims output = dims_of(node.output(0));
    switch (op.family) {
      case Family::kConv:
        if (weight.size() < 2 || output.empty()) return std::nullopt;
        return product(output) * product(weight) / weight[0];
      case Family::kConvTranspose:
        if (weight.size() < 2 || data.empty()) return std::nullopt;
        return product(data) * product(weight) / weight[0];
      case Family::kProduct: {
        if (data.empty()) return std::nullopt;
        const bool is_gemm = node.op_type() == "Gemm" || node.op_type() == "QGemm";
        const bool transposed = is_gemm && int_attribute(node, "transA", 0) != 0;
        if (!output.empty()) return product(output) * (transposed ? data.front() : data.back());
        // Shape inference knows no operators of other domains.
        if (weight.size() != 2) return std::nullopt;
        const bool rows = is_gemm && int_attribute(node, "transB", 0) != 0;
        return product(data) * weight[rows ? 0 : 1];
      }
      case Family::kRecurrent: {
        const Dims recurrence = node.input_size() > 2 ? dims_of(node.input(2)) : Dims{};
        if (data.size() != 3 || weight.empty() || recurrence.empty()) return std::nullopt;
        return data[0] * data[1] * (product(weight) + product(recurrence));
      }
      case Family::kNBits:
        if (data.empty()) return std::nullopt;
        return product(data) * int_attribute(node, "N", 0);
    }
    return std::nullopt;
  }

  // An initializer, the output of a Constant, or what comes of such by quantizers and Reshapes.
  bool is_constant(const std::string& value) const {
    if (index_.constant(value)) return true;
    const int maker = index_.producer(value);
    if (maker < 0) return false;
    const auto& node = graph_.node(maker);
    if (is_op(node, "Constant")) return true;
    return (is_quantizer(node) || keeps_values(node)) && is_constant(node.input(0));
  }

  bool is_8_bit(const std::string& value) const {
    const int maker = index_.producer(value);
    if (maker < 0) return false;
    const auto& node = graph_.node(maker);
    if (node.op_type() == "DequantizeLinear") {
      const bool has_zero_point = node.input_size() > 2 && !node.input(2).empty();
      const auto found = values_.find(node.input(has_zero_point ? 2 : 0));
      if (found == values_.end()) return false;
      return found->second.type == DataType::kInt8 || found->second.type == DataType::kUint8;
    }
    return keeps_values(node) && is_8_bit(node.input(0));
  }

  static bool is_quantizer(const onnx::NodeProto& node) {
    return node.op_type() == "QuantizeLinear" || node.op_type() == "DequantizeLinear";
  }

  static bool keeps_values(const onnx::NodeProto& node) {
    return node.input_size() > 0 &&
           std::ranges::find(kKeepsValues, node.op_type()) != kKeepsValues.end();
  }

  const onnx::GraphProto& graph_;
  const ValueInfos& values_;
  GraphIndex index_;
};

}  // namespace

std::string_view name(ProductKind kind) {
  switch (kind) {
    case ProductKind::kActivations:
      return "activations";
    case ProductKind::kRecurrent:
      return "recurrent";
    case ProductKind::kWeights:
      break;
  }
  return "weights";
}

std::vector<NodeMacs> count_macs(const onnx::GraphProto& graph, const ValueInfos& values) {
  const Counter counter(graph, values);
  std::vector<NodeMacs> counts;
  for (int i = 0; i < graph.node_size(); ++i) {
    if (const auto count = counter.count(i)) counts.push_back(*count);
  }
  return counts;
}

Result<ValueInfos> infer_values_with(const Model& model,
                                     const std::map<std::string, std::vector<int64_t>>& shapes) {
  Model settled = model.copy();
  auto& inputs = *settled.graph().mutable_input();
  for (const auto& [name, dims] : shapes) {
    const auto input = std::ranges::find(inputs, name, [](const auto& one) { return one.name(); });
    if (input == inputs.end()) {
      return invalid_argument(fmt::format("{}: no input \"{}\"", model.name(), name));
    }
    auto& type = *input->mutable_type()->mutable_tensor_type();
    if (type.has_shape() && type.shape().dim_size() != static_cast<int>(dims.size())) {
      return invalid_argument(fmt::format("{}: input \"{}\" has {} dimensions, got {}",
                                          model.name(), name, type.shape().dim_size(),
                                          dims.size()));
    }
    type.mutable_shape()->clear_dim();
    for (const int64_t dim : dims) type.mutable_shape()->add_dim()->set_dim_value(dim);
  }
  for (auto& input : inputs) {
    if (!input.type().tensor_type().has_shape()) continue;
    for (auto& dim : *input.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim()) {
      if (!dim.has_dim_value()) dim.set_dim_value(1);
    }
  }
  // What the model says of its other values is written with the dimensions that were open.
  settled.graph().clear_value_info();
  for (auto& output : *settled.graph().mutable_output()) {
    if (output.type().has_tensor_type()) {
      output.mutable_type()->mutable_tensor_type()->clear_shape();
    }
  }
  auto values = infer_values(settled);
  // Ones that nobody asked for may contradict the rest of the model.
  if (!values && shapes.empty()) return infer_values(model);
  return values;
}

}  // namespace zp
