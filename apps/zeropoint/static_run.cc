#include "apps/zeropoint/static_run.h"

#include "apps/zeropoint/progress_bar.h"
#include "apps/zeropoint/supervisor.h"
#include "zeropoint/quantizer/statistics_io.h"

namespace zp::app {

void add_static_options(CLI::App& app, StaticArguments& arguments) {
  app.add_option("model", arguments.model, "The float model (.onnx)")->required();
  app.add_option("--calibration", arguments.calibration,
                 "Samples: folders, list files (.txt), .npy, .npz, .pb, JPEG, PNG");
  app.add_option("--statistics", arguments.statistics,
                 "What zeropoint calibrate wrote, instead of samples");
  app.add_option("--threads", arguments.threads, "Default: all processors");
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
  StaticRun run{std::move(prepared), {}, {}, {}, {}};
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

Status observe(const StaticArguments& arguments, StaticRun& run) {
  Stopwatch watch;
  if (arguments.statistics) {
    ZP_ASSIGN_OR_RETURN(run.statistics, load_statistics(*arguments.statistics));
    const Status same = check_origin(run.prepared, *run.statistics);
    if (!same) return tl::unexpected<Error>(Error(same.error()).at(*arguments.statistics));
    run.seconds.emplace_back("statistics", watch.lap());
    return {};
  }
  set_stage("calibrating");
  ZP_ASSIGN_OR_RETURN(run.statistics,
                      calibrate_model(run.prepared, calibration_inputs(*run.samples),
                                      hash(run.samples->source.options().preprocessing),
                                      run.options));
  run.seconds.emplace_back("calibrate", watch.lap());
  return {};
}

Result<Plan> plan_of(const PlanArguments& arguments, const PlanOptions& options, StaticRun& run) {
  Stopwatch watch;
  set_stage("planning");
  PlanOptions chosen = options;
  ZP_ASSIGN_OR_RETURN(chosen.choices, node_choices(arguments, run.prepared.model.graph()));
  ZP_ASSIGN_OR_RETURN(const Observers observers, plan_observers(*run.statistics));
  ZP_ASSIGN_OR_RETURN(Plan plan,
                      make_plan(run.prepared.model, run.prepared.values, observers, chosen));
  run.seconds.emplace_back("plan", watch.lap());
  return plan;
}

}  // namespace zp::app
