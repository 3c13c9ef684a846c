#include "zeropoint/report/summarize.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include "zeropoint/evaluate/macs.h"
#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/quantizer/activation_params.h"
#include "zeropoint/targets/fusion.h"
#include "zeropoint/targets/target.h"

namespace zp {
namespace {

// Operators that are worth a line when they stay in float: those that cost something to compute.
// What is no float, such as a shape, is none of quantization's business.
bool is_worth_naming(const FloatNode& node, DataType type) {
  const bool is_float = type == DataType::kFloat || type == DataType::kFloat16 ||
                        type == DataType::kBfloat16 || type == DataType::kDouble;
  if (!is_float && type != DataType::kUndefined) return false;
  static constexpr std::array<std::string_view, 16> kCheap{
      "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Slice",    "Split", "Shape",
      "Gather",  "Concat",    "Cast",    "Range",   "Expand",    "Constant", "Where", "Identity"};
  return node.macs > 0 || std::ranges::find(kCheap, node.op_type) == kCheap.end();
}

// Multiply-accumulates of one sample as the run has shown them: what MatMul and Gemm read, times
// the channels that each element goes into. Shape inference does not see through sizes that the
// model computes. Nothing where the data were not observed.
std::optional<int64_t> observed_macs(const onnx::NodeProto& node, const GraphIndex& index,
                                     const CalibrationStatistics& statistics) {
  if (!is_op(node, "MatMul") && !is_op(node, "Gemm")) return std::nullopt;
  const onnx::TensorProto* weight = index.constant(node.input(1));
  const auto found = statistics.tensors.find(node.input(0));
  if (!weight || weight->dims_size() < 2 || found == statistics.tensors.end()) return std::nullopt;
  const bool swapped = is_op(node, "Gemm") && int_attribute(node, "transB", 0) != 0;
  const int64_t channels = weight->dims(swapped ? 0 : weight->dims_size() - 1);
  const uint64_t elements =
      found->second.fit.extremes().count + found->second.held_back.extremes().count;
  const auto samples = static_cast<uint64_t>(statistics.samples.size());
  if (samples == 0 || elements == 0) return std::nullopt;
  return static_cast<int64_t>(elements / samples) * channels;
}

// Whether the runtime computes on floats what the plan gives codes. Steps that it fuses with their
// neighbours read and write codes all the same.
bool runs_in_float(const NodePlan& node) {
  if (!node.runs) return false;
  const std::string& execution = node.runs->execution;
  return execution == name(Execution::kFloat) || execution == name(Execution::kWeightOnly) ||
         execution == name(Execution::kRefused);
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
  if (const auto& inputs = report.inputs_made_constant; !inputs.empty()) {
    lines.push_back(fmt::format("{} inputs that have a default are constants now: \"{}\"{}",
                                inputs.size(), inputs[0], inputs.size() > 1 ? ", ..." : ""));
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
  std::unordered_map<std::string, DataType> types;  // of what a node makes
  const auto& graph = prepared.model.graph();
  const GraphIndex index(graph);
  const auto sized = infer_values(prepared.model, inputs);
  const ValueInfos& values = sized ? *sized : prepared.values;
  for (NodeMacs& count : count_macs(graph, values)) {
    const auto& node = graph.node(count.node);
    if (const auto observed =
            statistics ? observed_macs(node, index, *statistics) : std::optional<int64_t>()) {
      count.macs = *observed;
      count.is_unknown = false;
    }
    macs.emplace(node.name(), count);
  }
  for (const auto& node : graph.node()) {
    const auto found = values.find(node.output_size() > 0 ? node.output(0) : "");
    if (found != values.end()) types.emplace(node.name(), found->second.type);
  }
  for (const auto& node : plan.nodes) {
    const auto found = macs.find(node.node);
    const bool counts = found != macs.end() && found->second.kind == ProductKind::kWeights;
    if (counts) report.macs += found->second.macs;
    if (counts && found->second.is_unknown) ++report.macs_unknown;
    const int64_t own_macs = found == macs.end() ? 0 : found->second.macs;
    if (node.runs && !report.macs_run_in_int8) report.macs_run_in_int8 = 0;
    if (counts && node.runs && node.runs->execution == name(Execution::kInt8)) {
      *report.macs_run_in_int8 += own_macs;
    }
    if (node.quantized) {
      ++report.nodes_quantized;
      if (counts) report.macs_quantized += own_macs;
      if (runs_in_float(node)) {
        report.not_in_integers.push_back({node.node, node.op_type, node.runs->reason, own_macs});
      }
      continue;
    }
    FloatNode in_float{node.node, node.op_type, node.reason, own_macs};
    const auto type = types.find(node.node);
    if (is_worth_naming(in_float, type == types.end() ? DataType::kUndefined : type->second))
      report.in_float.push_back(std::move(in_float));
  }
  std::ranges::stable_sort(report.in_float, std::ranges::greater(), &FloatNode::macs);
  std::ranges::stable_sort(report.not_in_integers, std::ranges::greater(), &FloatNode::macs);
  if (!statistics) return;
  for (const auto& activation : plan.activations) {
    const auto observer = calibration_observer(*statistics, activation.tensor);
    if (!observer) continue;
    const auto flat = activation.cut_below ? std::optional(activation.range.min)
                                           : flat_below(graph, index, activation.tensor);
    const RangeUse use = range_use(*observer, activation.params, flat);
    if (use.covered_by_most < kWastefulCover) report.wasteful.push_back({activation.tensor, use});
    if (use.saturated > kManySaturated) report.saturating.push_back({activation.tensor, use});
    if (use.flattened > kManySaturated) report.flattened.push_back({activation.tensor, use});
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
