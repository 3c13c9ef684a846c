#include "zeropoint/targets/fusion_onnxruntime_rewrite.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/targets/fusion_onnxruntime_propagate.h"

namespace zp {
namespace {

bool is_one_of(const FusionNode& node, std::initializer_list<std::string_view> ops) {
  return std::ranges::find(ops, node.op) != ops.end();
}

class Rewriter {
 public:
  explicit Rewriter(FusionGraph graph) : result_(std::move(graph)), graph_(result_.graph) {}

  RewrittenGraph run() {
    give_each_reader_its_dequantizer();
    drop_identities();
    remove_double_pairs();
    merge_equal_quantizers();
    give_each_reader_its_dequantizer();
    fuse_bias_adds();
    propagate_quantizers(graph_);
    quantize_weights();
    give_each_reader_its_dequantizer();
    drop_implied_activations();
    make_activations_unsigned();
    return std::move(result_);
  }

 private:
  int count() const { return static_cast<int>(graph_.nodes().size()); }
  const FusionNode& node(int number) const { return graph_.node(number); }

  void note(const FusionNode& node, const Verdict& verdict) {
    for (const int source : node.sources) result_.verdicts[source] = verdict;
  }

  void absorb(int number, std::string_view reason) {
    const FusionNode copy = node(number);
    if (graph_.drop(number)) note(copy, {Execution::kAbsorbed, "", std::string(reason)});
  }

  void drop_identities() {
    for (const int i : graph_.order()) {
      const FusionNode& one = node(i);
      const bool is_identity =
          one.is("Identity") || (one.is("Dropout") && one.inputs.size() == 1) ||
          (one.is("Cast") && graph_.type(one.inputs[0]) != DataType::kUndefined &&
           graph_.type(one.inputs[0]) == graph_.type(one.outputs[0]));
      if (is_identity) absorb(i, "it keeps its input as it is");
    }
  }

  // Of two pairs of QuantizeLinear and DequantizeLinear in a row one is left, with the range that
  // both have.
  void remove_double_pairs() {
    for (const int i : graph_.order()) {
      if (node(i).removed || !node(i).is_dequantize()) continue;
      const int first = graph_.producer(node(i).inputs[0]);
      const auto use = graph_.only_use(node(i).outputs[0]);
      if (first < 0 || !node(first).is_quantize() || !use || !node(use->node).is_quantize()) {
        continue;
      }
      const int second = use->node;
      const std::vector<FusionUse> last = graph_.readers(node(second).outputs[0]);
      const auto is_dequantize = [&](const FusionUse& one) {
        return one.input == 0 && node(one.node).is_dequantize() &&
               *node(one.node).quantizer == *node(second).quantizer;
      };
      if (!graph_.only_use(node(first).outputs[0]) || graph_.is_output(node(second).outputs[0]) ||
          last.empty() || !std::ranges::all_of(last, is_dequantize)) {
        continue;
      }
      const auto common =
          common_range(*node(first).quantizer, *node(i).quantizer, *node(second).quantizer);
      if (!common) continue;
      graph_.remove_node(i);
      graph_.remove_node(second);
      graph_.set_quantizer(first, *common);
      for (const FusionUse& one : last) {
        graph_.set_input(one.node, 0, node(first).outputs[0]);
        graph_.set_quantizer(one.node, *common);
      }
    }
  }

  static std::optional<Quantizer> common_range(const Quantizer& first, const Quantizer& back,
                                               const Quantizer& second) {
    const bool fit = first == back && first.is_scalar() && second.is_scalar() &&
                     first.has_zero_point() && second.has_zero_point() &&
                     first.type == second.type && is_8_bit(first.type);
    if (!fit) return std::nullopt;
    if (first == second) return first;
    const auto [lowest, highest] = code_limits(first.type);
    const auto real = [](const Quantizer& one, int32_t code) {
      return one.scales[0] * static_cast<float>(code - one.zero_point());
    };
    const float low = std::max(real(first, lowest), real(second, lowest));
    const float high = std::min(real(first, highest), real(second, highest));
    Quantizer common = first;
    common.scales[0] = (high - low) / static_cast<float>(highest - lowest);
    common.zero_points[0] =
        static_cast<int32_t>(std::round(static_cast<float>(lowest) - low / common.scales[0]));
    return common;
  }

  // Of two QuantizeLinear nodes with the same inputs one is left. Zero points are the same where
  // they have one name, scales where they are equal.
  void merge_equal_quantizers() {
    for (const int i : graph_.order()) {
      const FusionNode& one = node(i);
      if (one.removed || !one.is_quantize() || !one.quantizer->is_constant) continue;
      for (const FusionUse use : std::vector(graph_.readers(one.inputs[0]))) {
        const FusionNode& other = node(use.node);
        if (use.node == i || use.input != 0 || !other.is_quantize() ||
            *other.quantizer != *one.quantizer || graph_.is_output(other.outputs[0]) ||
            other.inputs.size() != one.inputs.size() || other.inputs.back() != one.inputs.back()) {
          continue;
        }
        for (const FusionUse reader : std::vector(graph_.readers(other.outputs[0]))) {
          if (reader.input >= 0) graph_.set_input(reader.node, reader.input, one.outputs[0]);
        }
        graph_.remove_node(use.node);
      }
    }
  }

  // MatMul and an Add of one value a column become Gemm, between Reshapes where the data have not
  // two dimensions.
  void fuse_bias_adds() {
    for (const int i : graph_.order()) {
      if (node(i).is("MatMul")) fuse_bias_add(i);
    }
  }

  void fuse_bias_add(int number) {
    const FusionNode matmul = node(number);
    const std::string& product = matmul.outputs[0];
    const auto& readers = graph_.readers(product);
    if (graph_.is_output(product) || readers.size() != 1 || readers[0].input < 0) return;
    const int add_number = readers[0].node;
    const FusionNode add = node(add_number);
    if (!add.is("Add")) return;
    const std::string bias = add.inputs[readers[0].input == 0 ? 1 : 0];
    const auto a = graph_.dims(matmul.inputs[0]);
    const auto b = graph_.dims(matmul.inputs[1]);
    const auto c = graph_.dims(bias);
    if (!a || !b || !c || b->size() != 2 || a->empty()) return;
    const bool flat = a->size() == 2;
    const bool is_static = std::ranges::find(*a, -1) == a->end() && (*b)[0] >= 0 && (*b)[1] >= 0;
    if (!flat && !is_static) return;
    const bool is_row = c->size() == 1 && (*c)[0] == (*b)[1] && (*c)[0] >= 0;
    const bool is_matrix = flat && c->size() == 2 && (*c)[0] >= 0 && (*c)[1] >= 0 &&
                           (((*c)[0] == 1 && (*c)[1] == (*b)[1]) ||
                            ((*c)[0] == (*a)[0] && ((*c)[1] == 1 || (*c)[1] == (*b)[1])));
    if (!is_row && !is_matrix) return;
    FusionNode gemm;
    gemm.op = "Gemm";
    gemm.sources = matmul.sources;
    gemm.sources.insert(gemm.sources.end(), add.sources.begin(), add.sources.end());
    gemm.inputs = {matmul.inputs[0], matmul.inputs[1], bias};
    gemm.outputs = add.outputs;
    graph_.remove_node(number);
    graph_.remove_node(add_number);
    if (!flat) {
      const std::string before = graph_.new_value();
      const std::string after = graph_.new_value();
      graph_.add_inserted("Reshape", {gemm.inputs[0], constant()}, before);
      graph_.add_inserted("Reshape", {after, constant()}, gemm.outputs[0]);
      gemm.inputs[0] = before;
      gemm.outputs = {after};
    }
    graph_.add_node(std::move(gemm));
  }

  std::string constant() {
    const std::string value = graph_.new_value();
    graph_.set_constant(value);
    return value;
  }

  void give_each_reader_its_dequantizer() {
    const int before = count();
    for (int i = 0; i < before; ++i) {
      if (!node(i).is_dequantize() || node(i).removed) continue;
      const FusionNode dequantize = node(i);
      bool keep = !graph_.is_output(dequantize.outputs[0]);
      for (const FusionUse use : std::vector(graph_.readers(dequantize.outputs[0]))) {
        if (use.input < 0) keep = false;
      }
      for (const FusionUse use : std::vector(graph_.readers(dequantize.outputs[0]))) {
        if (use.input < 0) continue;
        if (std::exchange(keep, false)) continue;
        const std::string own = graph_.new_value(dequantize.outputs[0]);
        graph_.add_inserted("DequantizeLinear", dequantize.inputs, own, dequantize.quantizer);
        graph_.set_input(use.node, use.input, own);
      }
    }
  }

  // Whether one chain of Relu and Clip, or nothing, stands between the value and a QuantizeLinear.
  bool leads_to_quantize(std::string value) const {
    while (const auto use = graph_.only_use(value)) {
      const FusionNode& reader = node(use->node);
      if (reader.is_quantize()) return true;
      if (!is_one_of(reader, {"Relu", "Clip"})) return false;
      value = reader.outputs[0];
    }
    return false;
  }

  // Float weights and biases between a quantized input and a quantized output are quantized by
  // ONNX Runtime itself: a weight per tensor as int8.
  void quantize_weights() {
    const int before = count();
    for (int i = 0; i < before; ++i) {
      const FusionNode one = node(i);
      if (one.removed || !is_one_of(one, {"Conv", "ConvTranspose", "Gemm"})) continue;
      const FusionNode* input = graph_.dequantize_of(one.inputs[0]);
      if (!input || !input->quantizer->is_scalar() || !leads_to_quantize(one.outputs[0])) continue;
      const FusionNode* weight = graph_.dequantize_of(one.inputs[1]);
      if (!weight && !graph_.is_constant(one.inputs[1])) continue;
      const bool has_bias = one.inputs.size() > 2 && !one.inputs[2].empty();
      int64_t bias_size = -1;
      if (has_bias) {
        const auto dims = graph_.dims(one.inputs[2]);
        if (!graph_.is_constant(one.inputs[2]) || !dims || dims->size() != 1) continue;
        bias_size = (*dims)[0];
      }
      if (weight && !has_bias) continue;
      if (weight && !weight->quantizer->is_scalar() &&
          !has_bias_scales(one, *weight->quantizer, bias_size)) {
        continue;
      }
      if (!weight) {
        quantize_constant(i, 1, {DataType::kInt8, true, {1}, {0}});
        result_.own_weights.insert(i);
      }
      // Its scale is the product of the others, whatever they are.
      Quantizer quantizer;
      quantizer.type = DataType::kInt32;
      if (has_bias) quantize_constant(i, 2, std::move(quantizer));
    }
  }

  // Whether a weight's scales, one a channel, are also those of the bias.
  static bool has_bias_scales(const FusionNode& one, const Quantizer& weight, int64_t bias_size) {
    if (!weight.is_constant || weight.block_size != 0) return false;
    if (static_cast<int64_t>(weight.scales.size()) != bias_size) return false;
    const bool by_row = !one.is("Gemm") || (one.proto && int_attribute(*one.proto, "transB", 0));
    const int64_t axis = weight.axis < 0 && one.is("Gemm") ? weight.axis + 2 : weight.axis;
    return axis == (by_row ? 0 : 1);
  }

  void quantize_constant(int number, int input, Quantizer quantizer) {
    const std::string codes = constant();
    const std::string value = graph_.new_value();
    graph_.add_inserted("DequantizeLinear", {codes, "", ""}, value,
                        std::make_shared<const Quantizer>(std::move(quantizer)));
    graph_.set_input(number, input, value);
  }

  void drop_implied_activations() {
    for (int i = 0; i < count(); ++i) {
      const FusionNode& one = node(i);
      if (one.removed || !is_one_of(one, {"Relu", "Clip"})) continue;
      const auto use = graph_.only_use(one.outputs[0]);
      if (!use || !node(use->node).is_quantize()) continue;
      const Quantizer& quantizer = *node(use->node).quantizer;
      if (!quantizer.has_zero_point() || !is_implied_by(one, quantizer)) continue;
      if (one.is("Clip") && graph_.producer(one.inputs[0]) < 0) continue;
      absorb(i, "its quantizer implies it");
    }
  }

  // Signed activations become unsigned where one QuantizeLinear has one DequantizeLinear.
  void make_activations_unsigned() {
    for (int i = 0; i < count(); ++i) {
      const FusionNode& quantize = node(i);
      if (quantize.removed || !quantize.is_quantize()) continue;
      const auto use = graph_.only_use(quantize.outputs[0]);
      if (!use || !node(use->node).is_dequantize()) continue;
      const Quantizer from = *quantize.quantizer;
      const Quantizer to = *node(use->node).quantizer;
      const auto is_signed = [](const Quantizer& one) {
        return one.is_scalar() && one.has_zero_point() && one.type == DataType::kInt8;
      };
      if (!is_signed(from) || !is_signed(to) || from.zero_point() != to.zero_point()) continue;
      // From opset 21 on ONNX Runtime writes the type of the codes into each QuantizeLinear that it
      // inserts, and then contradicts it.
      if (quantize.sources.empty() && graph_.opset() >= 21) refuse_maker_of(quantize.inputs[0]);
      set_unsigned(i, from);
      set_unsigned(use->node, to);
    }
  }

  void refuse_maker_of(const std::string& value) {
    const int maker = graph_.producer(value);
    if (maker < 0) return;
    note(node(maker), {Execution::kRefused, "",
                       "signed codes behind it at opset 21 or above: ONNX Runtime moves the "
                       "QuantizeLinear and then does not load the model"});
  }

  void set_unsigned(int number, Quantizer quantizer) {
    quantizer.type = DataType::kUint8;
    quantizer.zero_points[0] += 128;
    graph_.set_quantizer(number, std::move(quantizer));
  }

  RewrittenGraph result_;
  FusionGraph& graph_;
};

}  // namespace

RewrittenGraph rewrite_as_onnxruntime(FusionGraph graph) {
  return Rewriter(std::move(graph)).run();
}

}  // namespace zp
