#include "zeropoint/report/summarize.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <unordered_map>

#include "zeropoint/evaluate/macs.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/targets/target.h"

namespace zp {
namespace {

// Operators that are worth a line when they stay in float: those that cost something to compute.
bool is_worth_naming(const FloatNode& node) {
  static constexpr std::array<std::string_view, 16> kCheap{
      "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Slice",    "Split", "Shape",
      "Gather",  "Concat",    "Cast",    "Range",   "Expand",    "Constant", "Where", "Identity"};
  return node.macs > 0 || std::ranges::find(kCheap, node.op_type) == kCheap.end();
}

}  // namespace

std::vector<std::string> describe(const PrepareReport& report) {
  std::vector<std::string> lines;
  if (report.opset.after != report.opset.before) {
    lines.push_back(fmt::format("opset {} -> {}", report.opset.before, report.opset.after));
  }
  for (const auto& note : {report.opset.note, report.functions.note}) {
    if (!note.empty()) lines.push_back(note);
  }
  for (const auto& input : report.inputs_made_constant) {
    lines.push_back(
        fmt::format("input \"{}\" was a weight with a default and is a constant now", input));
  }
  std::string passes;
  for (const auto& pass : report.passes) {
    if (pass.rewrites == 0) continue;
    passes += fmt::format("{}{} {}", passes.empty() ? "" : ", ", pass.pass, pass.rewrites);
  }
  if (!passes.empty()) lines.push_back(passes);
  return lines;
}

void summarize(const PreparedModel& prepared, const Plan& plan,
               const CalibrationStatistics* statistics, const InputDims& inputs,
               QuantizeReport& report) {
  report.target = plan.target;
  if (const auto target = find_target(plan.target))
    report.is_run_in_tests = (*target)->is_run_in_tests;
  report.prepared = describe(prepared.report);
  report.size_before = prepared.source_size;
  report.tensors_quantized = static_cast<int64_t>(plan.activations.size());
  report.nodes = static_cast<int64_t>(plan.nodes.size());
  std::unordered_map<std::string, NodeMacs> macs;
  const auto& graph = prepared.model.graph();
  const auto sized = infer_values(prepared.model, inputs);
  for (const auto& count : count_macs(graph, sized ? *sized : prepared.values)) {
    macs.emplace(graph.node(count.node).name(), count);
  }
  for (const auto& node : plan.nodes) {
    const auto found = macs.find(node.node);
    const bool counts = found != macs.end() && found->second.kind == ProductKind::kWeights;
    if (counts) report.macs += found->second.macs;
    if (node.quantized) {
      ++report.nodes_quantized;
      if (counts) report.macs_quantized += found->second.macs;
      continue;
    }
    FloatNode in_float{node.node, node.op_type, node.reason,
                       found == macs.end() ? 0 : found->second.macs};
    if (is_worth_naming(in_float)) report.in_float.push_back(std::move(in_float));
  }
  std::ranges::stable_sort(report.in_float, std::ranges::greater(), &FloatNode::macs);
  if (!statistics) return;
  for (const auto& activation : plan.activations) {
    const auto observer = calibration_observer(*statistics, activation.tensor);
    if (!observer) continue;
    const RangeUse use = range_use(*observer, activation.params);
    if (use.covered_by_most < kWastefulCover) report.wasteful.push_back({activation.tensor, use});
    if (use.saturated > kManySaturated) report.saturating.push_back({activation.tensor, use});
  }
  std::ranges::stable_sort(report.wasteful, std::ranges::less(),
                           [](const RangeNote& note) { return note.use.covered_by_most; });
  std::ranges::stable_sort(report.saturating, std::ranges::greater(),
                           [](const RangeNote& note) { return note.use.saturated; });
}

void add_errors(const HeldBackError& error, QuantizeReport& report) {
  report.judging_samples = error.samples;
  report.were_held_back = error.were_held_back;
  for (const auto& output : error.outputs) {
    if (output.kind() == ValueKind::kFloat) {
      report.output_errors.push_back({output.name(), output.sqnr_db()});
    }
  }
}

}  // namespace zp
