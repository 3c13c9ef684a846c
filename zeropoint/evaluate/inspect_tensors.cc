#include "zeropoint/evaluate/inspect_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/tensor_proto.h"
#include "zeropoint/plan/pairs.h"

namespace zp {
namespace {

constexpr int64_t kLargeBias = int64_t{1} << 24;

ScaleSummary summarize(const Quantizer& quantizer) {
  ScaleSummary summary;
  summary.type = quantizer.type;
  summary.block_size = quantizer.block_size;
  summary.axis = quantizer.axis;
  summary.granularity = quantizer.block_size > 0       ? Granularity::kBlocked
                        : quantizer.scales.size() == 1 ? Granularity::kPerTensor
                                                       : Granularity::kPerChannel;
  if (!quantizer.is_constant || quantizer.scales.empty()) return summary;
  summary.count = static_cast<int64_t>(quantizer.scales.size());
  const auto scales = std::ranges::minmax(quantizer.scales);
  summary.lowest_scale = scales.min;
  summary.highest_scale = scales.max;
  if (quantizer.has_zero_point()) {
    const auto zero_points = std::ranges::minmax(quantizer.zero_points);
    summary.lowest_zero_point = zero_points.min;
    summary.highest_zero_point = zero_points.max;
  }
  return summary;
}

std::optional<Range> range_of(const Quantizer& quantizer) {
  if (!quantizer.is_constant || bits(quantizer.type) > 16 || quantizer.scales.empty()) {
    return std::nullopt;
  }
  const auto [lowest, highest] = code_limits(quantizer.type);
  Range range{0, 0};
  for (size_t i = 0; i < quantizer.scales.size(); ++i) {
    const double scale = quantizer.scales[i];
    const double zero_point = quantizer.has_zero_point() ? quantizer.zero_points[i] : 0;
    range.min = std::min(range.min, scale * (lowest - zero_point));
    range.max = std::max(range.max, scale * (highest - zero_point));
  }
  return range;
}

// Where an operator on integers has its weight, and the weight's scale and zero point; -1: nowhere.
struct IntegerOperands {
  std::string_view op;
  int weight = 1;
  int scale = -1;
};
constexpr std::array<IntegerOperands, 7> kIntegerOperands{{{"QLinearConv", 3, 4},
                                                           {"QLinearMatMul", 3, 4},
                                                           {"QGemm", 3, 4},
                                                           {"ConvInteger"},
                                                           {"MatMulInteger"},
                                                           {"MatMulIntegerToFloat", 1, 3},
                                                           {"DynamicQuantizeMatMul", 1, 2}}};

class TensorInspector {
 public:
  TensorInspector(const Model& model, const FusionGraph& graph)
      : model_(model), graph_(graph), index_(model.graph()) {}

  Result<InspectedTensors> run() {
    for (size_t i = 0; i < graph_.nodes().size(); ++i) {
      ZP_RETURN_IF_ERROR(see(static_cast<int>(i)));
    }
    return std::move(result_);
  }

 private:
  Status see(int number) {
    const FusionNode& node = graph_.node(number);
    if (node.is_quantize()) {
      // A float weight that stays one in the file is known by its codes all the same.
      if (graph_.is_constant(node.inputs[0])) return see_weight(node, nullptr);
      add_activation(node.inputs[0], *node.quantizer);
      return {};
    }
    if (node.is_dequantize()) return see_dequantize(node);
    const auto operands =
        std::ranges::find(kIntegerOperands, node.proto->op_type(), &IntegerOperands::op);
    if (operands != kIntegerOperands.end()) return see_operands(node, *operands);
    if (node.proto->op_type() == "MatMulNBits") see_nbits(node);
    return {};
  }

  Status see_dequantize(const FusionNode& node) {
    const auto* tensor = constant(node.inputs[0]);
    if (!tensor) {
      const bool from_outside =
          !graph_.quantize_of(node.inputs[0]) && graph_.producer(node.inputs[0]) < 0;
      if (from_outside) add_activation(node.inputs[0], *node.quantizer);
      return {};
    }
    if (tensor->data_type() == onnx::TensorProto::INT32) return see_bias(node, *tensor);
    return see_weight(node, tensor);
  }

  // The initializer or Constant of this name.
  const onnx::TensorProto* constant(const std::string& value) const {
    if (const auto* tensor = index_.constant(value)) return tensor;
    const int producer = index_.producer(value);
    if (producer < 0) return nullptr;
    const auto& node = model_.graph().node(producer);
    const auto* attribute = is_op(node, "Constant") ? find_attribute(node, "value") : nullptr;
    return attribute && attribute->has_t() ? &attribute->t() : nullptr;
  }

  void add_activation(const std::string& tensor, const Quantizer& quantizer) {
    result_.activations.push_back({tensor, summarize(quantizer), range_of(quantizer)});
  }

  // A weight behind DequantizeLinear; `codes` is null where the file has it as floats.
  Status see_weight(const FusionNode& quantizer_node, const onnx::TensorProto* codes) {
    InspectedWeight weight;
    weight.tensor = quantizer_node.inputs[0];
    weight.scales = summarize(*quantizer_node.quantizer);
    std::string value = quantizer_node.outputs[0];
    if (quantizer_node.is_quantize()) {
      const auto use = graph_.only_use(value);
      if (use && graph_.node(use->node).is_dequantize()) value = graph_.node(use->node).outputs[0];
    }
    const onnx::NodeProto* product = nullptr;
    for (const FusionUse use : graph_.readers(value)) {
      const auto& reader = *graph_.node(use.node).proto;
      weight.nodes.push_back(name_of(reader));
      if (use.input == 1 && multiplies(reader)) product = &reader;
    }
    if (!codes) {
      const auto dims = graph_.dims(weight.tensor);
      if (dims) weight.elements = Shape::make(*dims).map(&Shape::element_count).value_or(0);
      result_.weights.push_back(std::move(weight));
      return {};
    }
    const bool may_saturate = product && weight.scales.type == DataType::kInt8 &&
                              weight.scales.lowest_zero_point == 0 &&
                              weight.scales.highest_zero_point == 0 && has_codes(*product, 0);
    ZP_RETURN_IF_ERROR(see_codes(*codes, product, may_saturate, weight));
    result_.weights.push_back(std::move(weight));
    return {};
  }

  static bool multiplies(const onnx::NodeProto& node) {
    return is_op(node, "Conv") || is_op(node, "ConvTranspose") || is_op(node, "Gemm") ||
           is_op(node, "MatMul");
  }

  bool has_codes(const onnx::NodeProto& node, int input) const {
    const FusionNode* dequantize = graph_.dequantize_of(node.input(input));
    return dequantize && is_8_bit(dequantize->quantizer->type);
  }

  Status see_codes(const onnx::TensorProto& tensor, const onnx::NodeProto* product,
                   bool may_saturate, InspectedWeight& weight) {
    auto read = model_.read(tensor);
    if (!read) return tl::unexpected(std::move(read).error());
    weight.elements = read->size();
    const auto codes = to_integers(*read);
    if (!codes || bits(read->type()) > 16) return {};  // float8: nothing is counted
    const auto [lowest, highest] = code_limits(read->type());
    std::vector<bool> seen(static_cast<size_t>(highest - lowest) + 1);
    int64_t saturated = 0;
    for (const int32_t code : *codes) {
      seen[static_cast<size_t>(code - lowest)] = true;
      saturated += code == lowest || code == highest;
    }
    weight.codes = static_cast<int64_t>(seen.size());
    weight.codes_used = std::ranges::count(seen, true);
    if (weight.elements > 0) {
      weight.saturated = static_cast<double>(saturated) / static_cast<double>(weight.elements);
    }
    if (product) count_saturating(*codes, *product, read->shape().dims(), may_saturate, weight);
    return {};
  }

  void count_saturating(const std::vector<int32_t>& codes, const onnx::NodeProto& product,
                        std::span<const int64_t> dims, bool may_saturate, InspectedWeight& weight) {
    if (dims.size() < 2) return;
    const std::string& op = product.op_type();
    if (op == "ConvTranspose") {
      weight.channels = dims[1] * int_attribute(product, "group", 1);
      return;  // which of its weights are neighbours is not known
    }
    const bool is_conv = op.find("Conv") != std::string::npos;
    if (!is_conv && dims.size() != 2) return;
    const bool rows = int_attribute(product, "transB", 0) != 0;
    const Filters filters = is_conv
                                ? conv_filters(dims, int_attribute(product, "group", 1))
                                : matmul_filters(dims, rows ? Transposed::kYes : Transposed::kNo);
    weight.channels = filters.count;
    if (!may_saturate) return;
    int64_t saturating = 0;
    for (int64_t filter = 0; filter < filters.count; ++filter) {
      const auto code = [&](int32_t k) {
        const auto offset = filters.offsets[static_cast<size_t>(filter * filters.length + k)];
        return codes[static_cast<size_t>(offset)];
      };
      saturating += std::ranges::any_of(filters.pairs, [&](const auto& pair) {
        const int32_t a = code(pair.first);
        const int32_t b = code(pair.second);
        return std::max(a, 0) + std::max(b, 0) > kPairLimit ||
               std::min(a, 0) + std::min(b, 0) < -kPairLimit;
      });
    }
    weight.saturating_channels = saturating;
  }

  // A weight that an operator on integers reads as it is.
  Status see_operands(const FusionNode& node, const IntegerOperands& operands) {
    if (operands.weight >= static_cast<int>(node.inputs.size())) return {};
    const std::string& value = node.inputs[static_cast<size_t>(operands.weight)];
    const auto* tensor = constant(value);
    if (!tensor || !seen_.insert(value).second) return {};
    InspectedWeight weight;
    weight.tensor = value;
    weight.nodes = {name_of(*node.proto)};
    weight.scales.type = static_cast<DataType>(tensor->data_type());
    if (operands.scale >= 0 && operands.scale < node.proto->input_size()) {
      if (const auto* scale = constant(node.proto->input(operands.scale))) {
        ZP_ASSIGN_OR_RETURN(const Tensor scales, model_.read(*scale));
        Quantizer quantizer;
        quantizer.type = weight.scales.type;
        quantizer.is_constant = true;
        quantizer.axis = node.proto->op_type() == "QLinearConv" ? 0 : 1;
        ZP_ASSIGN_OR_RETURN(quantizer.scales, to_floats(scales));
        weight.scales = summarize(quantizer);
      }
    }
    const bool is_signed = weight.scales.type == DataType::kInt8;
    ZP_RETURN_IF_ERROR(see_codes(*tensor, node.proto, is_signed, weight));
    result_.weights.push_back(std::move(weight));
    return {};
  }

  // Codes that the operator packs in its own way: they are not looked at.
  void see_nbits(const FusionNode& node) {
    const int64_t width = int_attribute(*node.proto, "bits", 4);
    InspectedWeight weight;
    weight.tensor = node.inputs.size() > 1 ? node.inputs[1] : "";
    weight.nodes = {name_of(*node.proto)};
    weight.scales.type = width == 2   ? DataType::kUint2
                         : width == 4 ? DataType::kUint4
                                      : DataType::kUint8;
    weight.scales.granularity = Granularity::kBlocked;
    weight.scales.block_size = int_attribute(*node.proto, "block_size", 0);
    weight.channels = int_attribute(*node.proto, "N", 0);
    weight.elements = weight.channels * int_attribute(*node.proto, "K", 0);
    result_.weights.push_back(std::move(weight));
  }

  Status see_bias(const FusionNode& dequantize, const onnx::TensorProto& tensor) {
    ZP_ASSIGN_OR_RETURN(const Tensor read, model_.read(tensor));
    ZP_ASSIGN_OR_RETURN(const auto codes, to_integers(read));
    const auto& readers = graph_.readers(dequantize.outputs[0]);
    const bool is_bias = readers.size() == 1 && readers[0].input == 2;
    InspectedBias bias;
    bias.tensor = tensor.name();
    bias.elements = read.size();
    bias.large = std::ranges::count_if(
        codes, [](int32_t code) { return std::abs(int64_t{code}) > kLargeBias; });
    if (!readers.empty()) bias.node = name_of(*graph_.node(readers[0].node).proto);
    if (is_bias) bias.scale_error = scale_error(graph_.node(readers[0].node), dequantize);
    result_.biases.push_back(std::move(bias));
    return {};
  }

  std::optional<double> scale_error(const FusionNode& node, const FusionNode& bias) const {
    const FusionNode* data = graph_.dequantize_of(node.inputs[0]);
    const FusionNode* weight = graph_.dequantize_of(node.inputs[1]);
    if (!data || !weight || !data->quantizer->is_scalar() || !weight->quantizer->is_constant ||
        !bias.quantizer->is_constant) {
      return std::nullopt;
    }
    const auto& weights = weight->quantizer->scales;
    const auto& scales = bias.quantizer->scales;
    if (weights.empty() || scales.empty() ||
        (weights.size() != scales.size() && weights.size() != 1 && scales.size() != 1)) {
      return std::nullopt;
    }
    double largest = 0;
    for (size_t i = 0; i < std::max(weights.size(), scales.size()); ++i) {
      const double expected =
          double{data->quantizer->scales[0]} * double{weights[weights.size() == 1 ? 0 : i]};
      const double found = scales[scales.size() == 1 ? 0 : i];
      if (expected == 0) continue;
      largest = std::max(largest, std::abs(found / expected - 1));
    }
    return largest;
  }

  const Model& model_;
  const FusionGraph& graph_;
  GraphIndex index_;
  std::set<std::string> seen_;
  InspectedTensors result_;
};

}  // namespace

std::string name_of(const onnx::NodeProto& node) {
  if (!node.name().empty() || node.output_size() == 0) return node.name();
  return node.output(0);
}

Result<InspectedTensors> inspect_tensors(const Model& model, const FusionGraph& graph) {
  auto tensors = TensorInspector(model, graph).run();
  if (!tensors) return tl::unexpected(std::move(tensors).error().at(model.name()));
  return tensors;
}

}  // namespace zp
