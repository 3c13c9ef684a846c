#include "apps/zeropoint/weights_run.h"

#include <fmt/format.h>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <bit>

#include "apps/zeropoint/progress_bar.h"
#include "apps/zeropoint/static_run.h"
#include "apps/zeropoint/supervisor.h"
#include "zeropoint/graph/check.h"
#include "zeropoint/quantizer/dynamic.h"
#include "zeropoint/quantizer/selection.h"
#include "zeropoint/quantizer/weight_only.h"
#include "zeropoint/report/summarize.h"

namespace zp::app {
namespace {

constexpr const char* kGroup = "--mode weights";

// ONNX Runtime computes MatMulNBits from the codes everywhere; of DequantizeLinear and MatMul it
// does not make one behind Relu or Clip (docs/weights.md).
WeightForm usual_form(const WeightsArguments& arguments, const std::string& target) {
  const bool has_blocks =
      arguments.block == 0 || (std::has_single_bit(static_cast<uint64_t>(arguments.block)) &&
                               arguments.block >= 16 && arguments.block <= 256);
  return target == "onnxruntime" && has_blocks ? WeightForm::kMatMulNBits
                                               : WeightForm::kDequantizeLinear;
}

Result<WeightOnlyOptions> weight_only_options(const WeightsArguments& arguments,
                                              const std::string& target) {
  WeightOnlyOptions options;
  if (arguments.bits != 8 && arguments.bits != 4) {
    return invalid_argument(fmt::format("--bits {}: expected 8 or 4", arguments.bits));
  }
  options.bits = arguments.bits;
  options.block_size = arguments.block;
  options.scheme = arguments.affine ? Scheme::kAffine : Scheme::kSymmetric;
  options.form = usual_form(arguments, target);
  if (arguments.form == "nbits") {
    options.form = WeightForm::kMatMulNBits;
  } else if (arguments.form == "dequantize") {
    options.form = WeightForm::kDequantizeLinear;
  } else if (arguments.form) {
    return invalid_argument(
        fmt::format("--form \"{}\": expected dequantize or nbits", *arguments.form));
  }
  return options;
}

Result<DynamicOptions> dynamic_options(const PlanArguments& plan) {
  // ONNX Runtime is the one that computes MatMulInteger and its like faster than floats.
  if (plan.target != "onnxruntime") {
    return invalid_argument(fmt::format(
        "--mode dynamic is for --target onnxruntime; for {} use --mode weights", plan.target));
  }
  ZP_ASSIGN_OR_RETURN(const PlanOptions common, plan_options(plan));
  DynamicOptions options;
  options.weights = common.weights;
  options.per_channel = common.per_channel;
  options.pairs = common.cpu == Cpu::kVnni ? PairSafety::kNone : PairSafety::kHeld;
  return options;
}

// The model as it is to be quantized: read, checked, and at least at the operator set that `needed`
// asks for.
Result<PreparedModel> ready_model(const std::string& path,
                                  const std::function<Result<int64_t>(const Model&)>& needed) {
  // The model as it is in the file is gone before the one that is worked on is read.
  const auto opset = Model::load(path).and_then(needed);
  if (!opset) return tl::unexpected<Error>(opset.error());
  return prepare_model(path, PrepareOptions{.min_opset = *opset});
}

QuantizeReport begin_report(const char* mode, const std::string& path, const std::string& output,
                            const PlanArguments& plan, const PreparedModel& ready) {
  QuantizeReport report;
  report.mode = mode;
  report.model = path;
  report.output = output;
  report.target = plan.target;
  report.prepared = describe(ready.report);
  report.nodes = ready.model.graph().node_size();
  report.size_before = ready.source_size;
  return report;
}

Status save(Model& model, const std::string& output, Stopwatch& watch, QuantizeReport& report) {
  if (Status valid = check_with_onnx(model); !valid) {
    return tl::unexpected<Error>(std::move(valid).error().at("the quantized model is not valid"));
  }
  set_stage("writing " + output);
  ZP_RETURN_IF_ERROR(model.save(output));
  ZP_ASSIGN_OR_RETURN(const Model written, Model::load(output));
  ZP_ASSIGN_OR_RETURN(report.size_after, size_on_disk(written, output));
  report.seconds.emplace_back("write", watch.lap());
  return {};
}

void note_weights(const WeightOnlyReport& weights, QuantizeReport& report) {
  report.tensors_quantized = static_cast<int64_t>(weights.quantized.size());
  int64_t nbits = 0;
  // Weights with one note are one line.
  std::vector<std::pair<const WeightOnlyReport::Quantized*, int64_t>> notes;
  for (const auto& weight : weights.quantized) {
    report.nodes_quantized += static_cast<int64_t>(weight.nodes.size());
    nbits += weight.form == WeightForm::kMatMulNBits ? 1 : 0;
    if (weight.note.empty()) continue;
    const auto like = std::ranges::find_if(
        notes, [&](const auto& one) { return one.first->note == weight.note; });
    if (like == notes.end()) {
      notes.emplace_back(&weight, 0);
    } else {
      ++like->second;
    }
  }
  if (nbits > 0) {
    report.notes.push_back(fmt::format(
        "{} of the weights are in operators of com.microsoft, which ONNX Runtime and OpenVINO "
        "read; --form dequantize has ONNX's own",
        nbits));
  }
  for (const auto& [weight, more] : notes) {
    const std::string others = more > 0 ? fmt::format(" and {} more", more) : "";
    report.notes.push_back(fmt::format("weight \"{}\"{}: {}", weight->name, others, weight->note));
  }
  for (const auto& left : weights.left) {
    report.in_float.push_back({left.name, "weight", left.reason, 0});
  }
}

Result<QuantizeReport> quantize_weights(const std::string& path, const std::string& output,
                                        const PlanArguments& plan, WeightOnlyOptions options) {
  Stopwatch watch;
  set_stage("reading " + path);
  ZP_ASSIGN_OR_RETURN(PreparedModel ready, ready_model(path, [&](const Model& model) {
                        return required_opset(model, options);
                      }));
  QuantizeReport report = begin_report("weights", path, output, plan, ready);
  report.seconds.emplace_back("prepare", watch.lap());
  ZP_ASSIGN_OR_RETURN(options.selection,
                      Selection::make(ready.model.graph(), plan.include, plan.exclude));
  set_stage("quantizing weights");
  ZP_ASSIGN_OR_RETURN(const WeightOnlyReport weights,
                      quantize_weights_only(ready.model, options, progress_bar()));
  report.seconds.emplace_back("quantize", watch.lap());
  note_weights(weights, report);
  ZP_RETURN_IF_ERROR(save(ready.model, output, watch, report));
  return report;
}

Result<QuantizeReport> quantize_dynamically(const std::string& path, const std::string& output,
                                            const PlanArguments& plan, DynamicOptions options) {
  Stopwatch watch;
  set_stage("reading " + path);
  ZP_ASSIGN_OR_RETURN(PreparedModel ready, ready_model(path, [](const Model&) {
                        return Result<int64_t>(kDynamicOpset);
                      }));
  QuantizeReport report = begin_report("dynamic", path, output, plan, ready);
  report.seconds.emplace_back("prepare", watch.lap());
  ZP_ASSIGN_OR_RETURN(options.selection,
                      Selection::make(ready.model.graph(), plan.include, plan.exclude));
  set_stage("quantizing weights");
  ZP_ASSIGN_OR_RETURN(const DynamicReport dynamic,
                      quantize_dynamic(ready.model, options, progress_bar()));
  report.seconds.emplace_back("quantize", watch.lap());
  report.nodes_quantized = static_cast<int64_t>(dynamic.quantized.size());
  report.tensors_quantized = report.nodes_quantized;
  for (const auto& left : dynamic.left) {
    report.in_float.push_back({left.node, "", left.reason, 0});
  }
  ZP_RETURN_IF_ERROR(save(ready.model, output, watch, report));
  return report;
}

}  // namespace

void add_weights_options(CLI::App& app, WeightsArguments& arguments) {
  app.add_option("--bits", arguments.bits, "8 (default) or 4")->type_name("N")->group(kGroup);
  app.add_option("--block", arguments.block,
                 "weights that share a scale, such as 32; otherwise those of a channel, or 32 for "
                 "nbits")
      ->type_name("N")
      ->group(kGroup);
  app.add_flag("--affine", arguments.affine, "scales with zero points")->group(kGroup);
  app.add_option("--form", arguments.form,
                 "nbits: MatMulNBits of ONNX Runtime where it fits (the default for it); "
                 "dequantize: standard ONNX (the default otherwise)")
      ->type_name("FORM")
      ->group(kGroup);
}

Result<WeightsWork> weights_work(const std::string& mode, const std::string& model,
                                 const std::string& output, const PlanArguments& plan,
                                 const WeightsArguments& arguments) {
  ZP_ASSIGN_OR_RETURN(const WeightOnlyOptions options, weight_only_options(arguments, plan.target));
  if (mode == "weights") {
    return WeightsWork([=] { return quantize_weights(model, output, plan, options); });
  }
  ZP_ASSIGN_OR_RETURN(const DynamicOptions dynamic, dynamic_options(plan));
  return WeightsWork([=] { return quantize_dynamically(model, output, plan, dynamic); });
}

}  // namespace zp::app
