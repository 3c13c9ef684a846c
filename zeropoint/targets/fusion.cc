#include "zeropoint/targets/fusion.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/targets/fusion_graph.h"
#include "zeropoint/targets/fusion_rules.h"

namespace zp {
namespace {

// Whether the node handles floats or codes, and not shapes, indices or masks.
bool is_of_interest(const FusionGraph& graph, const FusionNode& node) {
  // Shape and Size take data and tell nothing of them.
  if (node.quantizer || node.is("Constant") || node.is("Shape") || node.is("Size")) return false;
  if (is_integer_op(node)) return true;
  const auto is_data = [&](const std::string& value) {
    return !value.empty() && (graph.is_float(value) || graph.quantize_of(value));
  };
  return std::ranges::any_of(node.outputs, is_data) || std::ranges::any_of(node.inputs, is_data);
}

}  // namespace

std::string_view name(Runtime runtime) {
  return runtime == Runtime::kOnnxRuntime ? "onnxruntime" : "openvino";
}

Result<Runtime> parse_runtime(std::string_view text) {
  for (const Runtime runtime : {Runtime::kOnnxRuntime, Runtime::kOpenVino}) {
    if (text == name(runtime)) return runtime;
  }
  return invalid_argument(fmt::format("runtime \"{}\": expected onnxruntime or openvino", text));
}

std::string_view name(Execution execution) {
  switch (execution) {
    case Execution::kInt8:
      return "int8";
    case Execution::kWeightOnly:
      return "weight-only";
    case Execution::kAbsorbed:
      return "absorbed";
    case Execution::kElementwise:
      return "elementwise";
    case Execution::kConstant:
      return "constant";
    case Execution::kRefused:
      return "refused";
    case Execution::kFloat:
      break;
  }
  return "float";
}

bool is_integer_op(const FusionNode& node) {
  static constexpr std::array<std::string_view, 7> kOps = {"QLinearConv",
                                                           "QLinearMatMul",
                                                           "ConvInteger",
                                                           "MatMulInteger",
                                                           "DynamicQuantizeLinear",
                                                           "com.microsoft.QGemm",
                                                           "com.microsoft.DynamicQuantizeMatMul"};
  return std::ranges::find(kOps, node.op) != kOps.end() ||
         node.op.starts_with("com.microsoft.QLinear") ||
         node.op.starts_with("com.microsoft.MatMulInteger") ||
         node.op.starts_with("com.microsoft.DynamicQuantize");
}

bool is_implied_by(const FusionNode& activation, const Quantizer& quantizer) {
  if (!quantizer.is_scalar() || bits(quantizer.type) > 16) return false;
  const auto [lowest, highest] = code_limits(quantizer.type);
  if (activation.is("Relu")) return quantizer.zero_point() == lowest;
  const auto& limits = activation.clip_limits;
  if (!limits) return false;
  const double scale = quantizer.scales[0];
  return std::nearbyint(limits->first / scale) + quantizer.zero_point() <= lowest &&
         std::nearbyint(limits->second / scale) + quantizer.zero_point() >= highest;
}

Result<std::vector<FusionPrediction>> predict_fusion(const Model& qdq_model, Runtime runtime) {
  ZP_ASSIGN_OR_RETURN(const FusionGraph graph, FusionGraph::of(qdq_model));
  auto verdicts =
      runtime == Runtime::kOnnxRuntime ? onnxruntime_verdicts(graph) : openvino_verdicts(graph);
  std::vector<FusionPrediction> predictions;
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    const FusionNode& node = graph.nodes()[i];
    if (!is_of_interest(graph, node)) continue;
    const bool known = std::ranges::all_of(
        node.outputs, [&](const auto& value) { return value.empty() || graph.is_constant(value); });
    Verdict& verdict = verdicts[i];
    if (known) verdict = {Execution::kConstant, "", "it is known when the model is loaded"};
    predictions.push_back(
        {static_cast<int>(i), verdict.execution, std::move(verdict.as), std::move(verdict.reason)});
  }
  return predictions;
}

}  // namespace zp
