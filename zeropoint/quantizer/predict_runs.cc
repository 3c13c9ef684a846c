#include "zeropoint/quantizer/predict_runs.h"

#include <unordered_map>

#include "zeropoint/plan/apply.h"
#include "zeropoint/targets/fusion.h"
#include "zeropoint/targets/target.h"

namespace zp {

Status predict_runs(const Model& prepared, Plan& plan) {
  for (auto& node : plan.nodes) node.runs.reset();
  ZP_ASSIGN_OR_RETURN(const Target* target, find_target(plan.target));
  if (!target->runtime) return {};
  Model quantized = prepared.copy();
  ZP_RETURN_IF_ERROR(apply(quantized, plan));
  ZP_ASSIGN_OR_RETURN(auto predictions, predict_fusion(quantized, *target->runtime));
  std::unordered_map<std::string, FusionPrediction*> by_name;
  for (auto& prediction : predictions) {
    by_name.emplace(quantized.graph().node(prediction.node).name(), &prediction);
  }
  for (auto& node : plan.nodes) {
    const auto found = by_name.find(node.node);
    if (found == by_name.end()) continue;
    FusionPrediction& prediction = *found->second;
    node.runs = RunPrediction{std::string(name(prediction.execution)), prediction.as, ""};
    // What stays in float says why in its own reason.
    if (node.quantized) node.runs->reason = std::move(prediction.reason);
  }
  return {};
}

}  // namespace zp
