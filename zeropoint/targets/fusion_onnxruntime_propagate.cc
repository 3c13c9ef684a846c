#include "zeropoint/targets/fusion_onnxruntime_propagate.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace zp {
namespace {

constexpr std::array<std::string_view, 5> kLetThrough = {"Reshape", "Transpose", "Squeeze",
                                                         "Unsqueeze", "Slice"};

class Propagation {
 public:
  explicit Propagation(FusionGraph& graph) : graph_(graph) {}

  void backward() {
    for (int i = 0; i < count(); ++i) {
      if (node(i).removed || !node(i).is_quantize() || !node(i).quantizer->is_scalar()) continue;
      const auto quantizer = node(i).quantizer;
      std::string value = node(i).inputs[0];
      while (graph_.only_use(value)) {
        const int maker = graph_.producer(value);
        if (maker < 0 || !lets_through(node(maker))) break;
        value = node(maker).inputs[0];
        // What stands in front may be read by others too only where it is no node's.
        if (graph_.producer(value) >= 0 && !graph_.only_use(value)) break;
        if (graph_.is_constant(value) || graph_.dequantize_of(value)) break;
        insert_pair(value, {{maker, 0}}, quantizer);
      }
    }
  }

  void forward() {
    for (int i = 0; i < count(); ++i) {
      if (node(i).removed || !node(i).is_dequantize() || !node(i).quantizer->is_scalar()) continue;
      const auto use = graph_.only_use(node(i).outputs[0]);
      if (use) through(use->node, node(i).quantizer);
    }
  }

 private:
  const FusionNode& node(int number) const { return graph_.node(number); }
  int count() const { return static_cast<int>(graph_.nodes().size()); }

  void through(int number, const std::shared_ptr<const Quantizer>& quantizer) {
    if (!lets_through(node(number))) return;
    const std::string value = node(number).outputs[0];
    std::vector<FusionUse> uses = graph_.readers(value);
    const bool only_output = graph_.is_output(value) && uses.empty();
    if (std::ranges::any_of(uses, [](const FusionUse& use) { return use.input < 0; })) return;
    std::erase_if(uses, [&](const FusionUse& use) { return node(use.node).is_quantize(); });
    if (uses.empty() && !only_output) return;
    insert_pair(value, uses, quantizer);
    for (const FusionUse use : uses) through(use.node, quantizer);
  }

  // Operators that move a QuantizeLinear behind them in front of them, and a DequantizeLinear the
  // other way.
  bool lets_through(const FusionNode& one) const {
    if (one.is("MaxPool")) return graph_.opset() >= 12;
    return std::ranges::find(kLetThrough, one.op) != kLetThrough.end();
  }

  // Puts QuantizeLinear and DequantizeLinear onto what the nodes `uses` read from `value`, and onto
  // the output of the model that it may be.
  void insert_pair(const std::string& value, const std::vector<FusionUse>& uses,
                   std::shared_ptr<const Quantizer> quantizer) {
    std::string source = value;
    const int maker = graph_.producer(value);
    const bool is_output = maker >= 0 && graph_.is_output(value);
    if (is_output) {
      source = graph_.new_value(value);
      const auto& outputs = node(maker).outputs;
      const auto slot = std::ranges::find(outputs, value) - outputs.begin();
      graph_.set_output(maker, static_cast<int>(slot), source);
    }
    const std::string codes = graph_.new_value();
    graph_.add_inserted("QuantizeLinear", {source, "", ""}, codes, quantizer);
    if (is_output) graph_.add_inserted("DequantizeLinear", {codes, "", ""}, value, quantizer);
    for (const FusionUse use : uses) {
      const std::string back = graph_.new_value(value);
      graph_.add_inserted("DequantizeLinear", {codes, "", ""}, back, quantizer);
      graph_.set_input(use.node, use.input, back);
    }
  }

  FusionGraph& graph_;
};

}  // namespace

void propagate_quantizers(FusionGraph& graph) {
  Propagation propagation(graph);
  propagation.backward();
  propagation.forward();
}

}  // namespace zp
