// What `calibrate`, `plan` and `quantize` share: the options for samples and statistics, and the
// steps up to a plan.
#pragma once

#include <CLI/App.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/zeropoint/plan_options.h"
#include "apps/zeropoint/sample_options.h"
#include "zeropoint/quantizer/recipe.h"
#include "zeropoint/quantizer/static_quantizer.h"
#include "zeropoint/report/quantize_report.h"

namespace zp::app {

// Where a plan's numbers come from. With both, the samples only tune and judge.
struct StaticArguments {
  std::string model;
  std::vector<std::string> calibration;
  std::optional<std::string> statistics;
  SampleArguments samples;
  int threads = 0;
};

void add_static_options(CLI::App& app, StaticArguments& arguments);

// Seconds since the last call, for a report.
class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(begin_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

// One quantization on its way.
struct StaticRun {
  PreparedModel prepared;
  std::optional<OpenedSamples> samples;
  std::optional<CalibrationStatistics> statistics;
  RunOptions options;
  std::vector<std::pair<std::string, double>> seconds;
  int64_t min_opset = 0;           // that the model was prepared for
  std::vector<std::string> notes;  // for the user, a line each
  // Of the plan's recipe, where samples judged it.
  std::vector<RecipeStep> steps;
  std::optional<HeldBackError> error;
};

// The samples as calibrate() takes them; they must outlive it.
CalibrationInputs calibration_inputs(const OpenedSamples& samples);

// Reads and prepares the model and opens the samples, where there are some.
Result<StaticRun> begin_run(const StaticArguments& arguments, int64_t min_opset);
// Calibrates for plans of these targets, or reads the statistics.
Status observe(const StaticArguments& arguments, std::span<const Target> targets, StaticRun& run);
// The plan of the observed run, whose model is then the one that the plan speaks of.
Result<Plan> plan_of(const PlanArguments& arguments, const PlanOptions& options, StaticRun& run);
// Fills in what samples, statistics and plan say.
Status describe_run(const StaticRun& run, const Plan& plan, QuantizeReport& report);

}  // namespace zp::app
