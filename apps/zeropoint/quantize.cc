#include "apps/zeropoint/quantize.h"

#include <fmt/format.h>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

#include "apps/zeropoint/static_run.h"
#include "apps/zeropoint/supervisor.h"
#include "apps/zeropoint/weights_run.h"
#include "zeropoint/base/file.h"
#include "zeropoint/kernels/int8_instructions.h"
#include "zeropoint/plan/plan_json.h"
#include "zeropoint/quantizer/integer_io.h"
#include "zeropoint/quantizer/predict_runs.h"
#include "zeropoint/report/quantize_report.h"
#include "zeropoint/report/summarize.h"

namespace zp::app {
namespace {

constexpr const char* kFooter =
    "  zeropoint quantize model.onnx --calibration data/ -o model.int8.onnx\n"
    "  zeropoint quantize model.onnx --mode weights --bits 4 -o model.int4.onnx";

struct Arguments {
  StaticArguments run;
  PlanArguments plan;
  WeightsArguments weights;
  std::string mode = "static";
  std::string output;
  std::optional<std::string> plan_file;
  bool json = false;
};

// The output must not be the model itself, and its folder must be there: said before the work, not
// after it.
Status check_output(const std::string& model, const std::string& output) {
  std::error_code error;
  if (std::filesystem::equivalent(model, output, error)) {
    return invalid_argument(output + ": the output is the model itself; choose another name");
  }
  const auto folder = std::filesystem::path(output).parent_path();
  if (!folder.empty() && !std::filesystem::is_directory(folder, error)) {
    return fail(ErrorCode::kIo,
                fmt::format("{}: the folder {} does not exist", output, folder.string()));
  }
  if (std::filesystem::is_directory(output, error)) {
    return fail(ErrorCode::kIo, output + ": it is a folder; name a file");
  }
  return {};
}

Result<Plan> read_plan(const std::string& path) {
  ZP_ASSIGN_OR_RETURN(const auto bytes, read_file(path));
  auto plan = parse_plan({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!plan) return tl::unexpected<Error>(std::move(plan).error().at(path));
  return plan;
}

// That integers are no faster everywhere is better said before somebody is disappointed.
void note_speed(const PlanArguments& plan, QuantizeReport& report) {
  const auto here = kernels::int8_instructions();
  const bool is_slow = here == kernels::Int8Instructions::kAvx512 ||
                       here == kernels::Int8Instructions::kAvx2 ||
                       here == kernels::Int8Instructions::kX86;
  if (!is_slow || (plan.target != "onnxruntime" && plan.target != "openvino")) return;
  report.notes.push_back(
      fmt::format("this processor has {}: the model may be no faster than in float here; zeropoint "
                  "compare measures it",
                  kernels::name(here)));
}

Result<QuantizeReport> quantize_static(const Arguments& arguments, const PlanOptions& options) {
  std::optional<Plan> given;
  if (arguments.plan_file) {
    ZP_ASSIGN_OR_RETURN(given, read_plan(*arguments.plan_file));
  }
  ZP_ASSIGN_OR_RETURN(StaticRun run,
                      begin_run(arguments.run, given ? given->opset : needed_opset(options)));
  Plan plan;
  if (given) {
    plan = *std::move(given);
    ZP_ASSIGN_OR_RETURN(run.prepared, rewritten(run.prepared, plan.rewrites));
    ZP_RETURN_IF_ERROR(predict_runs(run.prepared.model, plan));
  } else {
    ZP_RETURN_IF_ERROR(observe(arguments.run, {options.target, 1}, run));
    ZP_ASSIGN_OR_RETURN(plan, plan_of(arguments.plan, options, run));
  }
  Stopwatch watch;
  set_stage("applying the plan");
  ZP_ASSIGN_OR_RETURN(Model quantized, apply_plan(run.prepared, plan));
  run.seconds.emplace_back("apply", watch.lap());

  QuantizeReport report;
  report.model = arguments.run.model;
  report.output = arguments.output;
  ZP_RETURN_IF_ERROR(describe_run(run, plan, report));
  note_speed(arguments.plan, report);
  report.steps = run.steps;
  if (run.error) {
    add_errors(*run.error, report);
  } else if (run.samples) {
    set_stage("checking the quantized model on samples");
    const CalibrationInputs samples = calibration_inputs(*run.samples);
    ZP_ASSIGN_OR_RETURN(const SampleParts parts, split_samples(samples, run.options));
    ZP_ASSIGN_OR_RETURN(const HeldBackError error,
                        measure_held_back(run.prepared, quantized, samples, parts, run.options));
    add_errors(error, report);
    run.seconds.emplace_back("check", watch.lap());
  }
  if (arguments.plan.io) {
    ZP_ASSIGN_OR_RETURN(const IntegerIo io, make_io_integer(quantized));
    for (const auto& name : io.in_float) {
      report.notes.push_back(fmt::format("\"{}\" stays as it was: it has no integer form", name));
    }
  }
  set_stage("writing " + arguments.output);
  ZP_RETURN_IF_ERROR(quantized.save(arguments.output));
  ZP_ASSIGN_OR_RETURN(const Model written, Model::load(arguments.output));
  ZP_ASSIGN_OR_RETURN(report.size_after, size_on_disk(written, arguments.output));
  run.seconds.emplace_back("write", watch.lap());
  report.seconds = run.seconds;
  return report;
}

Result<Work> start(const Arguments& arguments) {
  if (arguments.mode == "dynamic" || arguments.mode == "weights") {
    ZP_ASSIGN_OR_RETURN(const auto work,
                        weights_work(arguments.mode, arguments.run.model, arguments.output,
                                     arguments.plan, arguments.weights));
    return Work([=]() -> Result<std::string> {
      ZP_RETURN_IF_ERROR(check_output(arguments.run.model, arguments.output));
      ZP_ASSIGN_OR_RETURN(const QuantizeReport report, work());
      return arguments.json ? to_json(report) : to_text(report);
    });
  }
  if (arguments.mode != "static") {
    return invalid_argument(
        fmt::format("--mode \"{}\": expected static, dynamic or weights", arguments.mode));
  }
  ZP_ASSIGN_OR_RETURN(const PlanOptions options, plan_options(arguments.plan));
  ZP_RETURN_IF_ERROR(check_sample_options(arguments.run.samples));
  const bool samples = !arguments.run.calibration.empty();
  if (!samples && !arguments.run.statistics && !arguments.plan_file) {
    return invalid_argument(
        "quantize: expected --calibration FOLDER with samples (or --statistics, or --plan)");
  }
  return Work([=]() -> Result<std::string> {
    ZP_RETURN_IF_ERROR(check_output(arguments.run.model, arguments.output));
    ZP_ASSIGN_OR_RETURN(const QuantizeReport report, quantize_static(arguments, options));
    return arguments.json ? to_json(report) : to_text(report);
  });
}

}  // namespace

Command add_quantize(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* quantize =
      app.add_subcommand("quantize", "A float model and samples to an int8 model for a runtime");
  quantize->footer(kFooter);
  quantize->allow_extras();
  add_static_options(*quantize, arguments->run);
  quantize->add_option("-o,--output", arguments->output, "the quantized model")
      ->type_name("FILE")
      ->required();
  quantize
      ->add_option("--mode", arguments->mode,
                   "static (default); dynamic: activations are measured at run time; weights: only "
                   "weights are integers. The last two need no samples")
      ->type_name("MODE");
  quantize->add_option("--plan", arguments->plan_file, "a plan of zeropoint plan, perhaps edited")
      ->type_name("FILE");
  quantize->add_flag("--json", arguments->json, "print JSON for programs instead of text");
  add_plan_options(*quantize, arguments->plan);
  add_weights_options(*quantize, arguments->weights);
  return {quantize, [arguments] { return start(*arguments); }};
}

}  // namespace zp::app
