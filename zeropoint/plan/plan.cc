#include "zeropoint/plan/plan.h"

#include <algorithm>

namespace zp {

const ActivationPlan* find_activation(const Plan& plan, const std::string& tensor) {
  const auto found = std::ranges::find(plan.activations, tensor, &ActivationPlan::tensor);
  return found == plan.activations.end() ? nullptr : &*found;
}

const NodePlan* find_node(const Plan& plan, const std::string& node) {
  const auto found = std::ranges::find(plan.nodes, node, &NodePlan::node);
  return found == plan.nodes.end() ? nullptr : &*found;
}

}  // namespace zp
