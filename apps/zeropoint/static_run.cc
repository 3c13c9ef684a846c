#include "apps/zeropoint/static_run.h"

#include <fmt/format.h>
#include <algorithm>

#include "apps/zeropoint/progress_bar.h"
#include "apps/zeropoint/supervisor.h"
#include "zeropoint/quantizer/predict_runs.h"
#include "zeropoint/quantizer/recipe.h"
#include "zeropoint/quantizer/statistics_io.h"
#include "zeropoint/report/summarize.h"

namespace zp::app {
namespace {

// The sizes of the first sample that can be loaded.
Result<InputDims> sample_dims(const SampleSource& source) {
  InputDims dims;
  for (int64_t i = 0; i < source.size() && dims.empty(); ++i) {
    const auto sample = source.load(i);
    if (!sample && source.options().bad == BadSamples::kSkip) continue;
    if (!sample) return tl::unexpected<Error>(sample.error());
    for (const auto& input : sample->inputs) {
      const auto shape = input.tensor.shape().dims();
      dims[input.name].assign(shape.begin(), shape.end());
    }
  }
  return dims;
}

void note_samples(const StaticRun& run, QuantizeReport& report) {
  report.notes.insert(report.notes.end(), run.notes.begin(), run.notes.end());
  if (run.samples) {
    const auto& notes = run.samples->source.notes();
    report.notes.insert(report.notes.end(), notes.begin(), notes.end());
  }
  if (!run.statistics) return;
  report.samples = static_cast<int64_t>(run.statistics->samples.size());
  report.samples_held_back = std::ranges::count_if(
      run.statistics->samples, [](const auto& sample) { return is_held_back(sample.hash); });
  if (calibration_part(*run.statistics) == CalibrationPart::kAll) report.samples_held_back = 0;
  report.samples_skipped = static_cast<int64_t>(run.statistics->skipped.size());
  for (const auto& skipped : run.statistics->skipped) {
    report.notes.push_back(fmt::format("skipped {}: {}", skipped.source, skipped.reason));
  }
}

// Statistics are taken of the form that codes of 8 bits need. Others need a newer operator set,
// which gives no value another name.
Status check_statistics(const StaticArguments& arguments, const StaticRun& run) {
  const int64_t usual = PrepareOptions{}.min_opset;
  Status same = check_origin(run.prepared, *run.statistics);
  if (same || run.min_opset <= usual) return same;
  ZP_ASSIGN_OR_RETURN(const PreparedModel observed, prepare_model(arguments.model, {}));
  return check_origin(observed, *run.statistics);
}

}  // namespace

void add_static_options(CLI::App& app, StaticArguments& arguments) {
  app.add_option("model", arguments.model, "the float model (.onnx)")
      ->type_name("FILE")
      ->required();
  app.add_option("--calibration", arguments.calibration,
                 "samples: folders, list files (.txt), .npy, .npz, .pb, JPEG, PNG")
      ->type_name("PATH");
  app.add_option(
         "--statistics", arguments.statistics,
         "what zeropoint calibrate wrote: no calibration then, and with --calibration the samples "
         "only tune and judge")
      ->type_name("FILE");
  app.add_option("--threads", arguments.threads, "otherwise as many as there are processors")
      ->type_name("N");
  add_sample_options(app, arguments.samples);
}

CalibrationInputs calibration_inputs(const OpenedSamples& samples) {
  CalibrationInputs inputs;
  const SampleSource& source = samples.source;
  inputs.count = source.size();
  inputs.name = [&source](int64_t i) { return source.name(i); };
  inputs.load = [&source](int64_t i) -> Result<CalibrationInputs::Sample> {
    ZP_ASSIGN_OR_RETURN(Sample sample, source.load(i));
    return CalibrationInputs::Sample{std::move(sample.inputs), sample.hash};
  };
  return inputs;
}

Result<StaticRun> begin_run(const StaticArguments& arguments, int64_t min_opset) {
  Stopwatch watch;
  set_stage("reading " + arguments.model);
  ZP_ASSIGN_OR_RETURN(PreparedModel prepared,
                      prepare_model(arguments.model, PrepareOptions{.min_opset = min_opset}));
  StaticRun run{std::move(prepared), {}, {}, {}, {}, min_opset, {}, {}, {}};
  run.options.threads = arguments.threads;
  run.options.progress = progress_bar();
  run.seconds.emplace_back("prepare", watch.lap());
  if (!arguments.calibration.empty()) {
    set_stage("opening the samples");
    ZP_ASSIGN_OR_RETURN(run.samples, open_samples(arguments.samples, arguments.calibration,
                                                  arguments.model, run.prepared.model));
    run.options.input_shapes = run.samples->input_shapes;
    const bool skips = run.samples->source.options().bad == BadSamples::kSkip;
    run.options.on_bad_sample = skips ? OnBadSample::kSkip : OnBadSample::kStop;
  }
  return run;
}

Status observe(const StaticArguments& arguments, std::span<const Target> targets, StaticRun& run) {
  Stopwatch watch;
  if (arguments.statistics) {
    ZP_ASSIGN_OR_RETURN(run.statistics, load_statistics(*arguments.statistics));
    const Status same = check_statistics(arguments, run);
    if (!same) return tl::unexpected<Error>(Error(same.error()).at(*arguments.statistics));
    run.seconds.emplace_back("statistics", watch.lap());
    return {};
  }
  set_stage("calibrating");
  ZP_ASSIGN_OR_RETURN(
      run.statistics,
      calibrate_model(run.prepared, targets, calibration_inputs(*run.samples),
                      hash(run.samples->source.options().preprocessing), run.options));
  run.seconds.emplace_back("calibrate", watch.lap());
  return {};
}

Result<Plan> plan_of(const PlanArguments& arguments, const PlanOptions& options, StaticRun& run) {
  Stopwatch watch;
  set_stage("planning");
  PlanOptions chosen = options;
  ZP_ASSIGN_OR_RETURN(chosen.choices, node_choices(arguments, run.prepared.model.graph()));
  ZP_ASSIGN_OR_RETURN(const Observers observers, plan_observers(*run.statistics));
  ZP_ASSIGN_OR_RETURN(const Recipe recipe, parse_recipe(arguments.recipe));
  std::optional<CalibrationInputs> samples;
  if (run.samples) samples = calibration_inputs(*run.samples);
  ZP_ASSIGN_OR_RETURN(RecipeResult planned,
                      follow(recipe, std::move(run.prepared), observers, chosen,
                             samples ? &*samples : nullptr, run.options));
  run.prepared = std::move(planned.prepared);
  if (recipe != Recipe::kFast && !samples) {
    run.notes.push_back(
        "without samples weights are not tuned; give --calibration beside --statistics for that");
  }
  run.steps = std::move(planned.steps);
  run.error = std::move(planned.error);
  ZP_RETURN_IF_ERROR(predict_runs(run.prepared.model, planned.plan));
  run.seconds.emplace_back("plan", watch.lap());
  return std::move(planned.plan);
}

Status describe_run(const StaticRun& run, const Plan& plan, QuantizeReport& report) {
  note_samples(run, report);
  InputDims inputs;
  if (run.samples) {
    ZP_ASSIGN_OR_RETURN(inputs, sample_dims(run.samples->source));
  }
  summarize(run.prepared, plan, run.statistics ? &*run.statistics : nullptr, inputs, report);
  return {};
}

}  // namespace zp::app
