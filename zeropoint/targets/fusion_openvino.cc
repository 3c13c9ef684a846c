// OpenVINO 2026.4.1, CPU, x86. Its low-precision transformations move what a DequantizeLinear does
// behind the operators that read it, as far as these allow; a node computes on codes where its
// inputs have come so far. Here each value is followed with what would still have to be done to it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/targets/fusion_rules.h"

namespace zp {
namespace {

// A value that is held as codes of 8 bits, with a dequantization still to come.
struct Codes {
  bool is_constant = false;   // a weight
  bool is_symmetric = false;  // int8 with zero point 0; of activations also uint8 with 128
  bool is_per_tensor = true;
  bool zero_point_0 = true;
  int64_t axis = 0;  // of the scales, where there are several
};

constexpr std::array<std::string_view, 14> kKeepsCodes = {
    "Reshape", "Flatten", "Squeeze",   "Unsqueeze", "Transpose",     "Slice",        "Split",
    "Gather",  "MaxPool", "ReduceMax", "ReduceMin", "GlobalMaxPool", "DepthToSpace", "Expand"};
// Their results are no codes, but floats that still have to be dequantized.
constexpr std::array<std::string_view, 4> kAverages = {"AveragePool", "GlobalAveragePool",
                                                       "ReduceMean", "ReduceSum"};
constexpr std::array<std::string_view, 3> kUnknown = {"com.microsoft.QGemm",
                                                      "com.microsoft.QLinearGlobalAveragePool",
                                                      "com.microsoft.QLinearSoftmax"};
constexpr std::array<std::string_view, 2> kNothing = {"Identity", "Dropout"};
// Arithmetic on each element by itself: OpenVINO compiles chains of it into one step, or lets the
// layer before do it.
constexpr std::array<std::string_view, 37> kElementwise = {
    "Add",  "Sub",        "Mul",      "Div",       "Pow",         "Max",
    "Min",  "Relu",       "Clip",     "LeakyRelu", "PRelu",       "Sigmoid",
    "Tanh", "Elu",        "Selu",     "Celu",      "HardSigmoid", "HardSwish",
    "Gelu", "Mish",       "Softplus", "Softsign",  "Exp",         "Log",
    "Sqrt", "Reciprocal", "Abs",      "Neg",       "Erf",         "Floor",
    "Ceil", "Round",      "Sin",      "Cos",       "Where",       "BatchNormalization",
    "Cast"};

bool is_among(std::string_view op, std::span<const std::string_view> ops) {
  return std::ranges::find(ops, op) != ops.end();
}

class Follower {
 public:
  explicit Follower(const FusionGraph& graph) : graph_(graph) {}

  std::vector<Verdict> run() {
    std::vector<Verdict> verdicts(graph_.nodes().size());
    for (const int i : graph_.order()) {
      verdicts[static_cast<size_t>(i)] = follow(graph_.node(i));
    }
    return verdicts;
  }

 private:
  std::optional<Codes> codes(const FusionNode& node, size_t input) const {
    if (input >= node.inputs.size()) return std::nullopt;
    const auto found = codes_.find(node.inputs[input]);
    return found == codes_.end() ? std::nullopt : std::optional(found->second);
  }

  void set(const FusionNode& node, const Codes& codes) {
    for (const auto& output : node.outputs) codes_[output] = codes;
  }

  Verdict follow(const FusionNode& node) {
    if (node.is_dequantize()) {
      dequantize(node);
      return {};
    }
    if (node.quantizer) return {};
    if (is_among(node.op, kUnknown)) {
      return {Execution::kRefused, "", "OpenVINO does not know this operator"};
    }
    if (is_integer_op(node)) return Verdict::in_float("OpenVINO computes it in float");
    if (node.is("Conv") || node.is("ConvTranspose")) return conv(node);
    if (node.is("Gemm") || node.is("MatMul")) return product(node);
    if (is_among(node.op, kNothing)) {
      if (const auto data = codes(node, 0)) set(node, *data);
      return {Execution::kAbsorbed, "", "it keeps its input as it is"};
    }
    if (node.is("Concat")) return concat(node);
    if (is_among(node.op, kElementwise)) return elementwise(node);
    const bool pads =
        node.is("Pad") && string_attribute(*node.proto, "mode", "constant") == "constant";
    const bool keeps = is_among(node.op, kKeepsCodes) || is_nearest(node) || node.is("Pad");
    if (keeps || is_among(node.op, kAverages)) {
      const auto data = codes(node, 0);
      if (!data && node.is("Transpose") && is_quantized_after(node)) {
        return Verdict::int8("Transpose");
      }
      if (!data) return Verdict::in_float("its input is not quantized");
      if (node.is("Pad") && !(pads && data->zero_point_0)) {
        return Verdict::in_float(pads ? "its input has a zero point" : "its mode is not constant");
      }
      if (keeps || node.is("AveragePool")) set(node, *data);
      return Verdict::int8(node.op);
    }
    return Verdict::in_float(codes(node, 0) ? "OpenVINO has no integer form of it"
                                            : "its input is not quantized");
  }

  // Where a QuantizeLinear is all that follows a Concat or Transpose, it is done before it.
  bool is_quantized_after(const FusionNode& node) const {
    const auto& readers = graph_.readers(node.outputs[0]);
    return readers.size() == 1 && readers[0].input == 0 && !graph_.is_output(node.outputs[0]) &&
           graph_.node(readers[0].node).is_quantize();
  }

  static bool is_nearest(const FusionNode& node) {
    return node.is("Resize") && string_attribute(*node.proto, "mode", "nearest") == "nearest";
  }

  void dequantize(const FusionNode& node) {
    const Quantizer& quantizer = *node.quantizer;
    if (!is_8_bit(quantizer.type) || !quantizer.is_constant || quantizer.block_size > 0) return;
    Codes result;
    result.is_constant = graph_.is_constant(node.inputs[0]);
    result.is_per_tensor =
        quantizer.is_scalar() || (!result.is_constant && has_one_value(quantizer));
    const bool is_signed = quantizer.type == DataType::kInt8;
    // A pair of QuantizeLinear and DequantizeLinear is taken as a whole, its codes as unsigned.
    const bool at_lowest =
        is_signed && !result.is_constant && quantizer.is_scalar() && quantizer.zero_point() == -128;
    result.zero_point_0 = quantizer.is_zero_point_0() || at_lowest;
    result.is_symmetric = (is_signed && quantizer.is_zero_point_0()) ||
                          (!is_signed && !result.is_constant && quantizer.is_scalar() &&
                           quantizer.zero_point() == 128);
    result.axis = quantizer.axis;
    set(node, result);
  }

  static bool has_one_value(const Quantizer& quantizer) {
    return std::ranges::adjacent_find(quantizer.scales, std::not_equal_to<>()) ==
               quantizer.scales.end() &&
           std::ranges::adjacent_find(quantizer.zero_points, std::not_equal_to<>()) ==
               quantizer.zero_points.end();
  }

  Verdict conv(const FusionNode& node) {
    const auto data = codes(node, 0);
    const auto weight = codes(node, 1);
    if (!weight) return Verdict::in_float("its weights are not 8-bit codes");
    if (!data) return Verdict::in_float("its input is not quantized");
    if (!weight->is_symmetric) {
      return Verdict::in_float("its weights are not int8 with zero point 0");
    }
    const int64_t axis = node.is("ConvTranspose") ? 1 : 0;
    if (!weight->is_per_tensor && weight->axis != axis) {
      return Verdict::in_float(fmt::format("its weights have scales along axis {}", weight->axis));
    }
    const int64_t groups = int_attribute(*node.proto, "group", 1);
    const bool depthwise = groups > 1;
    if (node.is("ConvTranspose") && (groups > 1 || !data->zero_point_0)) {
      return Verdict::in_float(groups > 1 ? "it has groups" : "its input has a zero point");
    }
    if (!data->is_per_tensor && !depthwise) {
      return Verdict::in_float("its input has one scale a channel");
    }
    return Verdict::int8(node.is("Conv") ? "Convolution" : "Deconvolution");
  }

  Verdict product(const FusionNode& node) {
    const auto a = codes(node, 0);
    const auto b = codes(node, 1);
    // Weights that no integer kernel takes stay codes, and become floats as they are read.
    const FusionNode* weight = graph_.dequantize_of(node.inputs[1]);
    const bool keeps_weight =
        weight && graph_.is_constant(weight->inputs[0]) && bits(weight->quantizer->type) <= 8;
    const auto otherwise = [&](std::string reason) {
      if (keeps_weight) return Verdict{Execution::kWeightOnly, "FullyConnected", std::move(reason)};
      return Verdict::in_float(std::move(reason));
    };
    if (!a) return otherwise("its data input is not quantized");
    if (!b) return otherwise("its second input is not 8-bit codes");
    if (!b->is_symmetric) return otherwise("its second input is not int8 with zero point 0");
    if (!b->is_constant && !a->zero_point_0) {
      return otherwise("a product of two activations, of which the first has a zero point");
    }
    return Verdict::int8(b->is_constant ? "FullyConnected" : "MatMul");
  }

  // Whether a second QuantizeLinear follows with nothing between but what folds into it: a constant
  // added, a positive one multiplied, a Relu that it implies.
  bool leads_to_quantize(const std::string& value) const {
    for (const FusionUse use : graph_.readers(value)) {
      if (use.input < 0) continue;
      const FusionNode& reader = graph_.node(use.node);
      if (reader.is_quantize()) return true;
      if (folds(reader, value) && leads_to_quantize(reader.outputs[0])) return true;
    }
    return false;
  }

  bool folds(const FusionNode& node, const std::string& data) const {
    if (is_among(node.op, kNothing)) return true;
    if (node.is("Relu")) {
      const auto use = graph_.only_use(node.outputs[0]);
      return use && graph_.node(use->node).is_quantize() &&
             is_implied_by(node, *graph_.node(use->node).quantizer);
    }
    if (node.inputs.size() < 2 || node.inputs[0] != data) {
      return node.is("Mul") && node.inputs.size() == 2 && is_positive(node.inputs[0]);
    }
    if (node.is("Add") || node.is("Sub")) return graph_.is_constant(node.inputs[1]);
    // A factor that is quantized counts as positive.
    if (node.is("BatchNormalization") && graph_.dequantize_of(node.inputs[1])) return true;
    return (node.is("Mul") || node.is("Div") || node.is("BatchNormalization")) &&
           is_positive(node.inputs[1]);
  }

  bool is_positive(const std::string& value) const {
    const auto factors = graph_.floats(value);
    return factors && std::ranges::all_of(*factors, [](float factor) { return factor > 0; });
  }

  // OpenVINO ends with a segmentation fault on Concat -> QuantizeLinear with a zero point ->
  // DequantizeLinear -> a second QuantizeLinear, as soon as it compiles the model.
  bool crashes(const FusionNode& concat) const {
    const auto& readers = graph_.readers(concat.outputs[0]);
    if (readers.size() != 1 || readers[0].input != 0) return false;
    const FusionNode& quantize = graph_.node(readers[0].node);
    if (!quantize.is_quantize() || !quantize.quantizer->is_scalar()) return false;
    const auto lowest = code_limits(quantize.quantizer->type).first;
    if (quantize.quantizer->zero_point() == lowest) return false;
    return std::ranges::any_of(graph_.readers(quantize.outputs[0]), [&](const FusionUse& use) {
      const FusionNode& reader = graph_.node(use.node);
      return use.input == 0 && reader.is_dequantize() && leads_to_quantize(reader.outputs[0]);
    });
  }

  Verdict concat(const FusionNode& node) {
    if (crashes(node)) {
      return {Execution::kRefused, "",
              "two QuantizeLinear follow one another behind it, the first with a zero point: "
              "OpenVINO crashes"};
    }
    std::optional<Codes> result;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const auto one = codes(node, i);
      if (!one && is_quantized_after(node)) return Verdict::int8("Concat");
      if (!one) return Verdict::in_float(fmt::format("input {} is not quantized", i));
      result = one;
    }
    if (result) set(node, *result);
    return Verdict::int8("Concat");
  }

  Verdict elementwise(const FusionNode& node) {
    const auto data = codes(node, 0);
    if (data && node.is("Relu") && data->zero_point_0) set(node, *data);
    return {Execution::kElementwise, "",
            "it is computed in float, in one step with its neighbours"};
  }

  const FusionGraph& graph_;
  std::map<std::string, Codes, std::less<>> codes_;
};

}  // namespace

std::vector<Verdict> openvino_verdicts(const FusionGraph& graph) { return Follower(graph).run(); }

}  // namespace zp
