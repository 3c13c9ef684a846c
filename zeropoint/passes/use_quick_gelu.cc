#include "zeropoint/passes/use_quick_gelu.h"

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"

namespace zp {
namespace {

constexpr const char* kDomain = "com.microsoft";

}  // namespace

std::string silu_of(const onnx::GraphProto& graph, const GraphIndex& index, const std::string& x) {
  const auto uses = index.uses(x);
  if (uses.size() != 2 || index.is_graph_output(x)) return "";
  for (const Use& use : uses) {
    if (use.input == Use::kInBody || !is_op(graph.node(use.node), "Sigmoid")) continue;
    const int product = index.only_reader(graph.node(use.node).output(0));
    const int other = use == uses[0] ? uses[1].node : uses[0].node;
    if (product < 0 || product != other || !is_op(graph.node(product), "Mul")) return "";
    return graph.node(product).output(0);
  }
  return "";
}

Status use_quick_gelu(Model& model, const std::vector<std::string>& inputs) {
  if (inputs.empty()) return {};
  auto& graph = model.graph();
  const GraphIndex index(graph);
  std::vector<int> gone;
  for (const std::string& x : inputs) {
    const std::string y = silu_of(graph, index, x);
    if (y.empty()) return invalid_data("\"" + x + "\": nothing makes x * sigmoid(x) of it");
    const int product = index.producer(y);
    for (const Use& use : index.uses(x)) {
      if (use.node != product) gone.push_back(use.node);
    }
    auto& node = *graph.mutable_node(product);
    node.set_domain(kDomain);
    node.set_op_type("QuickGelu");
    node.clear_input();
    node.add_input(x);
    set_attribute(node, "alpha", 1.0F);
  }
  remove_nodes(graph, gone);
  if (opset_version(model.proto(), kDomain) == 0) set_opset_version(model.proto(), kDomain, 1);
  remove_unused(graph);
  return {};
}

}  // namespace zp
