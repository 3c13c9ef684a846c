#include "zeropoint/targets/fusion_onnxruntime_nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "zeropoint/graph/attributes.h"

namespace zp {
namespace {

bool is_16_bit(DataType type) { return type == DataType::kInt16 || type == DataType::kUint16; }

// A node with the quantizers around it.
struct Group {
  const FusionNode& node;
  std::vector<const Quantizer*> inputs =
      {};  // of each input that is there; null: no DequantizeLinear
  int quantized_inputs = 0;
  std::vector<const Quantizer*> outputs = {};  // of the QuantizeLinear behind it
  int readers = 0;                             // of all its outputs
  bool is_output = false;                      // whether it makes an output of the model
  std::string in_the_way = {};                 // the Relu or Clip that is the only reader
  const Quantizer* behind = nullptr;           // the only QuantizeLinear behind that
};

Group group_of(const FusionGraph& graph, const FusionNode& node) {
  Group group{node};
  for (const auto& input : node.inputs) {
    if (input.empty()) continue;
    const FusionNode* dequantize = graph.dequantize_of(input);
    group.inputs.push_back(dequantize ? dequantize->quantizer.get() : nullptr);
    group.quantized_inputs += dequantize != nullptr;
  }
  const FusionNode* only = nullptr;
  for (const auto& output : node.outputs) {
    group.is_output |= graph.is_output(output);
    for (const FusionUse use : graph.readers(output)) {
      ++group.readers;
      if (use.input < 0) continue;
      only = &graph.node(use.node);
      if (only->is_quantize() && use.input == 0) group.outputs.push_back(only->quantizer.get());
    }
  }
  if (group.readers != 1 || !only || !(only->is("Relu") || only->is("Clip"))) return group;
  const auto& readers = graph.readers(only->outputs[0]);
  if (readers.size() != 1 || graph.is_output(only->outputs[0])) return group;
  group.in_the_way = only->op;
  if (readers[0].input == 0 && graph.node(readers[0].node).is_quantize()) {
    group.behind = graph.node(readers[0].node).quantizer.get();
    if (is_implied_by(*only, *group.behind)) {
      group.outputs = {group.behind};
      group.in_the_way.clear();
    }
  }
  return group;
}

// Why the inputs do not fit; empty where they do. `wanted` of the inputs come through
// DequantizeLinear.
std::string input_problem(const Group& group, size_t wanted) {
  if (static_cast<size_t>(group.quantized_inputs) == wanted) return "";
  if (group.quantized_inputs == 0) return "its inputs are not quantized";
  for (size_t i = 0; i < group.inputs.size() && i < wanted; ++i) {
    if (!group.inputs[i]) return fmt::format("input {} is not quantized", i);
  }
  return "too many of its inputs are quantized";
}

// Why the output does not fit; empty where it does.
std::string output_problem(const Group& group) {
  if (!group.in_the_way.empty()) {
    if (!group.behind) return fmt::format("a {} follows, and no QuantizeLinear", group.in_the_way);
    if (group.in_the_way == "Relu" && group.behind->is_scalar()) {
      return fmt::format("a Relu follows whose QuantizeLinear has zero point {}, not {}",
                         group.behind->zero_point(), code_limits(group.behind->type).first);
    }
    return fmt::format("a {} follows whose QuantizeLinear goes beyond its limits",
                       group.in_the_way);
  }
  if (group.is_output) return "it makes an output of the model";
  if (group.outputs.empty()) return "its output is not quantized";
  if (static_cast<size_t>(group.readers) != group.outputs.size() ||
      group.outputs.size() != group.node.outputs.size()) {
    return fmt::format("its output has {} readers; expected one QuantizeLinear", group.readers);
  }
  return "";
}

std::string first_of(std::string a, std::string b) { return a.empty() ? std::move(b) : a; }

Verdict refused(std::string reason) { return {Execution::kRefused, "", std::move(reason)}; }

const Quantizer& input(const Group& group, size_t i) { return *group.inputs[i]; }

// Signed activations that became unsigned in some places and not in others: those that one node
// alone reads do.
constexpr std::string_view kSigned =
    "signed activations, of which more than one node reads the codes";

std::string differ(DataType in, DataType out) {
  if (in == DataType::kInt8 || out == DataType::kInt8) return std::string(kSigned);
  return fmt::format("{} in, {} out", name(in), name(out));
}

// What the kernels of most operators want: codes of 8 bits, all of one type.
std::string type_problem(const Group& group) {
  const DataType type = input(group, 0).type;
  if (!is_8_bit(type)) return fmt::format("its codes are {}", name(type));
  for (const Quantizer* one : group.inputs) {
    if (one && one->type != type) {
      return fmt::format(
          "its inputs are {} and {} (signed activations that one node alone reads become unsigned)",
          name(type), name(one->type));
    }
  }
  for (const Quantizer* one : group.outputs) {
    if (one->type != type) return differ(type, one->type);
  }
  return "";
}

bool has_vector(const std::vector<const Quantizer*>& quantizers) {
  return std::ranges::any_of(quantizers,
                             [](const Quantizer* one) { return one && !one->is_scalar(); });
}

// AveragePool, Add, Concat, ...: every input and the output with parameters of its own.
Verdict arithmetic(const Group& group) {
  const std::string problem =
      first_of(input_problem(group, group.inputs.size()), output_problem(group));
  if (!problem.empty()) return Verdict::in_float(problem);
  if (const std::string types = type_problem(group); !types.empty()) {
    return Verdict::in_float(types);
  }
  const bool takes_vectors = group.node.is("Concat") || group.node.is("GlobalAveragePool");
  if (!takes_vectors && (has_vector(group.inputs) || has_vector(group.outputs))) {
    return refused("it cannot have one scale a channel");
  }
  return Verdict::int8("QLinear" + group.node.op);
}

// The types of a product: activations, weights, output.
std::string product_types_problem(const Group& group) {
  const DataType data = input(group, 0).type;
  const DataType weight = input(group, 1).type;
  if (is_16_bit(data) || is_16_bit(weight)) return "its codes have 16 bits";
  if (!is_8_bit(data) || !is_8_bit(weight)) {
    return fmt::format("its codes are {} and {}", name(data), name(weight));
  }
  if (data == DataType::kInt8 && weight != DataType::kInt8) {
    return fmt::format("int8 activations with {} weights", name(weight));
  }
  if (!group.outputs.empty() && group.outputs[0]->type != data) {
    return differ(data, group.outputs[0]->type);
  }
  return "";
}

std::string bias_problem(const Group& group) {
  if (group.inputs.size() < 3 || input(group, 2).type == DataType::kInt32) return "";
  return fmt::format("its bias is {}, not int32", name(input(group, 2).type));
}

// Beyond its type: what a Conv wants of its bias, which is s_input * s_weight as scale, within 1 %
// and 1e-6 (measured), and no zero point.
std::string conv_bias_problem(const Group& group) {
  if (std::string problem = bias_problem(group); !problem.empty()) return problem;
  if (group.inputs.size() < 3) return "";
  const Quantizer& data = input(group, 0);
  const Quantizer& weight = input(group, 1);
  const Quantizer& bias = input(group, 2);
  if (!bias.is_constant) return "";
  if (!bias.is_zero_point_0()) return "its bias has a zero point";
  for (size_t i = 0; i < bias.scales.size(); ++i) {
    if (weight.scales.size() != 1 && i >= weight.scales.size()) break;
    const float product = data.scales[0] * weight.scales[weight.scales.size() == 1 ? 0 : i];
    if (std::abs(bias.scales[i] - product) > 1e-6F + 0.01F * std::abs(product)) {
      return "the scale of its bias is not that of its input times that of its weights";
    }
  }
  return "";
}

Verdict conv(const Group& group) {
  std::string problem = first_of(input_problem(group, group.inputs.size()), output_problem(group));
  if (problem.empty()) problem = product_types_problem(group);
  if (problem.empty() && input(group, 0).type == DataType::kInt8) {
    problem = kSigned;
  }
  if (problem.empty() && !input(group, 0).is_scalar()) {
    problem = "its input has one scale a channel";
  }
  if (problem.empty()) problem = conv_bias_problem(group);
  if (!problem.empty()) return Verdict::in_float(problem);
  if (!group.outputs[0]->is_scalar()) return refused("its output cannot have one scale a channel");
  const Quantizer& weight = input(group, 1);
  if (!weight.is_scalar() && weight.axis != 0) {
    return refused(fmt::format("its weights have one scale for each entry of axis {}; expected 0",
                               weight.axis));
  }
  return Verdict::int8("QLinearConv");
}

Verdict gemm(const Group& group) {
  const auto attribute = [&](std::string_view name, float absent) {
    return group.node.proto ? float_attribute(*group.node.proto, name, absent) : absent;
  };
  std::string problem = input_problem(group, group.inputs.size());
  const bool was_matmul = group.node.sources.size() > 1;
  if (was_matmul && group.quantized_inputs == 2 && group.inputs[0] && group.inputs[1]) {
    problem = "with the Add of its bias it becomes a Gemm, which wants the bias as int32 codes";
  }
  if (problem.empty() && (!group.outputs.empty() || !group.in_the_way.empty())) {
    problem = output_problem(group);
  }
  if (problem.empty()) problem = product_types_problem(group);
  if (problem.empty()) problem = bias_problem(group);
  if (problem.empty() && (attribute("alpha", 1) != 1 || attribute("beta", 1) != 1)) {
    problem = "alpha or beta is not 1";
  }
  if (!problem.empty()) return Verdict::in_float(problem);
  const Quantizer& weight = input(group, 1);
  const bool transposed = group.node.proto && int_attribute(*group.node.proto, "transB", 0) != 0;
  const int64_t axis = weight.axis < 0 ? weight.axis + 2 : weight.axis;
  if (!weight.is_scalar() && axis != (transposed ? 0 : 1)) {
    return Verdict::in_float("its weights have one scale a row of the product's sum");
  }
  if (!input(group, 0).is_scalar()) return Verdict::in_float("its input has one scale a channel");
  if (!input(group, 0).has_zero_point()) return Verdict::in_float("its input has no zero point");
  if (has_vector(group.outputs)) return refused("its output cannot have one scale a channel");
  return Verdict::int8("QGemm");
}

// Whether another quantizer has the same scalar scale: ONNX Runtime then gives both one constant,
// and no longer takes it for this weight's own.
bool shares_its_scale(const FusionGraph& graph, const FusionNode& dequantize) {
  const auto same = [&](const FusionNode& one) {
    return &one != &dequantize && !one.sources.empty() && one.quantizer &&
           one.quantizer->is_scalar() && one.quantizer->scales == dequantize.quantizer->scales;
  };
  return dequantize.quantizer->is_scalar() && std::ranges::any_of(graph.nodes(), same);
}

// DequantizeLinear on a constant weight alone: MatMulNBits keeps the codes.
std::optional<Verdict> weight_only(const FusionGraph& graph, const Group& group) {
  const bool is_matmul = group.node.is("MatMul");
  if (group.inputs.size() < 2 || group.inputs[0] || !group.inputs[1]) return std::nullopt;
  if (!group.outputs.empty() || !group.in_the_way.empty()) return std::nullopt;
  const FusionNode& dequantize = *graph.dequantize_of(group.node.inputs[1]);
  const Quantizer& weight = *group.inputs[1];
  const auto dims = graph.dims(dequantize.inputs[0]);
  if (!graph.is_constant(dequantize.inputs[0]) || !weight.is_constant || !dims ||
      dims->size() != 2 || bits(weight.type) > 8) {
    return std::nullopt;
  }
  const int64_t axis = weight.axis < 0 ? weight.axis + 2 : weight.axis;
  if (weight.block_size > 0) {
    const bool is_power_of_2 = (weight.block_size & (weight.block_size - 1)) == 0;
    if (axis != 0 || weight.block_size < 16 || !is_power_of_2) return std::nullopt;
  } else if (!weight.is_scalar() && axis != 1) {
    return std::nullopt;
  }
  if (!is_matmul && group.node.proto) {
    const auto& proto = *group.node.proto;
    const bool is_plain =
        int_attribute(proto, "transA", 0) == 0 && int_attribute(proto, "transB", 0) == 0 &&
        float_attribute(proto, "alpha", 1) == 1 && float_attribute(proto, "beta", 1) == 1;
    const bool has_bias = group.inputs.size() > 2;
    const auto bias = has_bias ? graph.dims(group.node.inputs[2]) : std::nullopt;
    const bool fits = !has_bias || (bias && bias->size() == 1 && (*bias)[0] == (*dims)[1]);
    if (!is_plain || !fits) return std::nullopt;
  }
  if (shares_its_scale(graph, dequantize)) {
    return Verdict::in_float("its weight has the scale of another quantizer, in one constant");
  }
  return Verdict{Execution::kWeightOnly, "MatMulNBits", "its data input is not quantized"};
}

Verdict matmul(const FusionGraph& graph, const Group& group) {
  std::string problem = input_problem(group, 2);
  if (problem.empty() && (!group.outputs.empty() || !group.in_the_way.empty())) {
    problem = output_problem(group);
  }
  if (problem.empty()) problem = product_types_problem(group);
  if (problem.empty() && input(group, 0).type == DataType::kInt8) {
    problem = kSigned;
  }
  if (!problem.empty()) return Verdict::in_float(problem);
  const Quantizer& weight = input(group, 1);
  const auto dims = graph.dims(group.node.inputs[1]);
  const auto rank = dims ? static_cast<int64_t>(dims->size()) : 2;
  const int64_t axis = weight.axis < 0 ? weight.axis + rank : weight.axis;
  if (!weight.is_scalar() && axis != rank - 1) {
    return refused(fmt::format("its weights have one scale for each entry of axis {}; expected {}",
                               axis, rank - 1));
  }
  if (!input(group, 0).is_scalar() || has_vector(group.outputs)) {
    return refused("its data cannot have one scale a channel");
  }
  return Verdict::int8(group.outputs.empty() ? "MatMulIntegerToFloat" : "QLinearMatMul");
}

// Reshape, MaxPool, ...: the codes pass through as they are.
Verdict keeps_values(const FusionGraph& graph, const Group& group) {
  const std::string op = group.node.op;
  const bool is_float_only = (op == "MaxPool" && graph.opset() < 12) ||
                             (op == "DepthToSpace" && graph.opset() < 13) ||
                             (op == "Resize" && group.node.proto &&
                              string_attribute(*group.node.proto, "mode", "nearest") != "nearest");
  if (is_float_only) return Verdict::in_float("this form of it has no kernel for codes");
  std::string problem = first_of(input_problem(group, 1), output_problem(group));
  if (!problem.empty()) return Verdict::in_float(problem);
  const auto dequantize = std::ranges::find_if(group.inputs, [](const auto* one) { return one; });
  const Quantizer& in = **dequantize;
  const bool wants_8_bits = op == "MaxPool" || op == "Resize" || op == "ReduceMax" ||
                            op == "ReduceMin" || op == "DepthToSpace";
  if (wants_8_bits && !is_8_bit(in.type)) {
    return Verdict::in_float(fmt::format("its codes are {}", name(in.type)));
  }
  for (const Quantizer* out : group.outputs) {
    const bool is_same = in.is_scalar() && out->is_scalar() && in.has_zero_point() &&
                         out->has_zero_point() && in.type == out->type &&
                         in.zero_point() == out->zero_point() && in.scales == out->scales;
    if (!is_same) return Verdict::in_float("scale and zero point differ before and after it");
  }
  return Verdict::int8(op);
}

Verdict arg_max(const Group& group) {
  if (group.quantized_inputs != 1) return Verdict::in_float("its inputs are not quantized");
  const Quantizer& in = input(group, 0);
  if (!is_8_bit(in.type) || !in.is_scalar() || !in.has_zero_point()) {
    return Verdict::in_float("its input is not 8-bit codes of one scale and a zero point");
  }
  return Verdict::int8("ArgMax");
}

Verdict where(const FusionGraph& graph, const Group& group) {
  // A scalar constant counts as quantized: ONNX Runtime does it itself.
  int quantized = group.quantized_inputs;
  for (size_t i = 1; i < group.node.inputs.size(); ++i) {
    const auto dims = graph.dims(group.node.inputs[i]);
    quantized += graph.is_constant(group.node.inputs[i]) && dims && dims->empty();
  }
  std::string problem = quantized == 2 && group.quantized_inputs > 0
                            ? output_problem(group)
                            : "its inputs are not quantized";
  if (!problem.empty()) return Verdict::in_float(problem);
  const auto& first = *std::ranges::find_if(group.inputs, [](const auto* one) { return one; });
  for (const Quantizer* one : group.inputs) {
    if (one && one->type != first->type) return Verdict::in_float("its inputs differ in type");
  }
  if (!is_8_bit(first->type) || group.outputs[0]->type != first->type) {
    return Verdict::in_float("its codes are not of one 8-bit type");
  }
  return Verdict::int8("QLinearWhere");
}

// Whether the node stands between integer operators, without quantizers.
bool reads_codes(const FusionGraph& graph, const FusionNode& node) {
  if (node.inputs.empty()) return false;
  const int maker = graph.producer(node.inputs[0]);
  if (maker < 0) return false;
  const FusionNode& from = graph.node(maker);
  return from.is_quantize() || from.is("QLinearConv") || from.is("QLinearMatMul") ||
         from.op.starts_with("com.microsoft.QLinear") ||
         (is_8_bit(graph.type(node.inputs[0])) && !from.quantizer);
}

// Operators that read an input's codes without arithmetic.
constexpr std::array<std::string_view, 15> kKeepsValues = {
    "Expand", "Flatten", "Gather",    "GatherElements", "Reshape",
    "Slice",  "Squeeze", "Tile",      "Transpose",      "Unsqueeze",
    "Resize", "MaxPool", "ReduceMax", "ReduceMin",      "DepthToSpace"};
constexpr std::array<std::string_view, 8> kArithmetic = {
    "AveragePool", "GlobalAveragePool", "LeakyRelu", "Sigmoid", "Softmax", "Add", "Mul", "Concat"};

bool is_among(std::string_view op, std::span<const std::string_view> ops) {
  return std::ranges::find(ops, op) != ops.end();
}

}  // namespace

Verdict onnxruntime_verdict(const FusionGraph& graph, const FusionNode& node) {
  if (is_integer_op(node)) return Verdict::int8(node.op.substr(node.op.rfind('.') + 1));
  if (node.is("com.microsoft.MatMulNBits")) {
    return {Execution::kWeightOnly, "MatMulNBits", "its data input is not quantized"};
  }
  const Group group = group_of(graph, node);
  if (node.is("Conv")) return conv(group);
  if (node.is("Gemm") || node.is("MatMul")) {
    if (auto verdict = weight_only(graph, group)) return *verdict;
    return node.is("Gemm") ? gemm(group) : matmul(graph, group);
  }
  const bool keeps = node.is("Split") || is_among(node.op, kKeepsValues);
  if (keeps && reads_codes(graph, node)) return Verdict::int8(node.op);
  if (keeps) return keeps_values(graph, group);
  if (node.is("ArgMax")) return arg_max(group);
  if (node.is("Where")) return where(graph, group);
  if (is_among(node.op, kArithmetic)) return arithmetic(group);
  const bool surrounded = group.quantized_inputs > 0;
  return Verdict::in_float(surrounded ? "ONNX Runtime has no integer form of it"
                                      : "its inputs are not quantized");
}

}  // namespace zp
