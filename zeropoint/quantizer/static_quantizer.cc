#include "zeropoint/quantizer/static_quantizer.h"

#include <fmt/format.h>
#include <algorithm>
#include <atomic>
#include <limits>
#include <numeric>

#include "zeropoint/base/threads.h"
#include "zeropoint/engine/compile_model.h"
#include "zeropoint/evaluate/measure.h"
#include "zeropoint/evaluate/simulated_model.h"
#include "zeropoint/graph/check.h"
#include "zeropoint/plan/apply.h"
#include "zeropoint/quantizer/placement.h"

namespace zp {
namespace {

// The held-back samples that are looked at; more tell hardly more.
constexpr size_t kMostJudged = 64;
// Fewer held-back samples than this say little: then all samples judge.
constexpr size_t kFewestHeldBack = 1;

int thread_count(const RunOptions& options) {
  return options.threads > 0 ? options.threads : available_threads();
}

EngineOptions engine_options(const RunOptions& options, ExecutionMode mode) {
  EngineOptions engine;
  engine.mode = mode;
  engine.requests = thread_count(options);
  engine.input_shapes = options.input_shapes;
  return engine;
}

// The numbers of the samples that judge: those held back, by their content.
Result<std::vector<int64_t>> judges(const CalibrationInputs& samples, const RunOptions& options,
                                    bool& were_held_back) {
  std::vector<char> held(static_cast<size_t>(samples.count));
  std::vector<char> good(held.size());
  ZP_RETURN_IF_ERROR(parallel_for(samples.count, {.threads = options.threads, .what = "samples"},
                                  [&](int64_t i) -> Status {
                                    auto sample = samples.load(i);
                                    if (!sample && options.on_bad_sample == OnBadSample::kSkip)
                                      return {};
                                    if (!sample) return tl::unexpected<Error>(sample.error());
                                    good[static_cast<size_t>(i)] = 1;
                                    held[static_cast<size_t>(i)] = is_held_back(sample->hash);
                                    return {};
                                  }));
  const auto chosen = [&](const std::vector<char>& flags) {
    std::vector<int64_t> numbers;
    for (size_t i = 0; i < flags.size() && numbers.size() < kMostJudged; ++i) {
      if (flags[i]) numbers.push_back(static_cast<int64_t>(i));
    }
    return numbers;
  };
  auto numbers = chosen(held);
  were_held_back = numbers.size() >= kFewestHeldBack;
  return were_held_back ? numbers : chosen(good);
}

}  // namespace

Result<CalibrationStatistics> calibrate_model(const PreparedModel& prepared,
                                              std::span<const Target> targets,
                                              const CalibrationInputs& samples,
                                              const Hash128& preprocessing,
                                              const RunOptions& options) {
  const auto tensors = tensors_to_observe(prepared.model, prepared.values, targets);
  EngineOptions engine_of = engine_options(options, ExecutionMode::kFloat);
  for (const auto& tensor : tensors) engine_of.watched.push_back(tensor.name);
  ZP_ASSIGN_OR_RETURN(Engine engine, compile(prepared.model, engine_of));
  CalibrationOrigin origin;
  origin.tool_version = "zeropoint " ZP_VERSION;
  origin.source_model = prepared.source_hash;
  origin.prepared_model = prepared.hash;
  origin.preprocessing = preprocessing;
  return calibrate(engine, tensors, samples, std::move(origin),
                   {options.on_bad_sample, options.progress});
}

Status check_origin(const PreparedModel& prepared, const CalibrationStatistics& statistics) {
  const auto differs = [&](const char* what, const Hash128& theirs, const Hash128& ours) {
    return invalid_data(fmt::format("the statistics are of another {} (hash {}; {} has {})", what,
                                    theirs.hex(), prepared.model.name(), ours.hex()));
  };
  if (statistics.origin.source_model != prepared.source_hash) {
    return differs("model", statistics.origin.source_model, prepared.source_hash);
  }
  if (statistics.origin.prepared_model != prepared.hash) {
    return differs("form of the model; calibrate again with this version",
                   statistics.origin.prepared_model, prepared.hash);
  }
  return {};
}

Result<Observers> plan_observers(const CalibrationStatistics& statistics) {
  Observers observers;
  for (const auto& [tensor, unused] : statistics.tensors) {
    ZP_ASSIGN_OR_RETURN(auto observer, calibration_observer(statistics, tensor));
    observers.emplace(tensor, std::move(observer));
  }
  return observers;
}

Result<Model> apply_plan(const PreparedModel& prepared, const Plan& plan) {
  Model model = prepared.model.copy();
  ZP_RETURN_IF_ERROR(apply(model, plan));
  if (Status valid = check_with_onnx(model); !valid) {
    return tl::unexpected<Error>(std::move(valid).error().at("the quantized model is not valid"));
  }
  return model;
}

double HeldBackError::lowest_sqnr_db() const {
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& output : outputs) {
    if (output.kind() == ValueKind::kFloat) lowest = std::min(lowest, output.sqnr_db());
  }
  return lowest;
}

Result<HeldBackError> measure_held_back(const PreparedModel& prepared, const Model& quantized,
                                        const CalibrationInputs& samples,
                                        const RunOptions& options) {
  HeldBackError error;
  ZP_ASSIGN_OR_RETURN(const auto numbers, judges(samples, options, error.were_held_back));
  error.samples = static_cast<int64_t>(numbers.size());
  ZP_ASSIGN_OR_RETURN(Engine reference,
                      compile(prepared.model, engine_options(options, ExecutionMode::kFloat)));
  ZP_ASSIGN_OR_RETURN(const Model simulated, simulated_model(quantized));
  ZP_ASSIGN_OR_RETURN(Engine changed,
                      compile(simulated, engine_options(options, ExecutionMode::kFloat)));
  PairOptions pair_options;
  pair_options.threads = thread_count(options);
  pair_options.what = "checking";
  pair_options.progress = options.progress;
  const LoadSample load = [&](int64_t i) -> Result<std::vector<NamedTensor>> {
    ZP_ASSIGN_OR_RETURN(auto sample, samples.load(i));
    return std::move(sample.inputs);
  };
  ZP_ASSIGN_OR_RETURN(error.outputs, measure(reference, changed, numbers, load, pair_options));
  return error;
}

}  // namespace zp
