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
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/plan/apply.h"
#include "zeropoint/quantizer/placement.h"

namespace zp {
namespace {

// The held-back samples that are looked at; more tell hardly more.
constexpr size_t kMostJudged = 64;

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

// What the nodes read that make probabilities, by the name of the output.
std::map<std::string, std::string> logits_of(const onnx::GraphProto& graph) {
  const GraphIndex index(graph);
  std::map<std::string, std::string> logits;
  for (const auto& output : graph.output()) {
    const int maker = index.producer(output.name());
    if (maker < 0) continue;
    const auto& node = graph.node(maker);
    const bool squashes =
        is_op(node, "Softmax") || is_op(node, "LogSoftmax") || is_op(node, "Sigmoid");
    if (squashes && index.producer(node.input(0)) >= 0) {
      logits.emplace(output.name(), node.input(0));
    }
  }
  return logits;
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

Result<SampleParts> split_samples(const CalibrationInputs& samples, const RunOptions& options) {
  enum class Part : char { kUnusable, kFit, kHeldBack };
  std::vector<Part> parts_of(static_cast<size_t>(samples.count));
  ZP_RETURN_IF_ERROR(parallel_for(samples.count, {.threads = options.threads, .what = "samples"},
                                  [&](int64_t i) -> Status {
                                    auto sample = samples.load(i);
                                    if (!sample && options.on_bad_sample == OnBadSample::kSkip)
                                      return {};
                                    if (!sample) return tl::unexpected<Error>(sample.error());
                                    parts_of[static_cast<size_t>(i)] =
                                        is_held_back(sample->hash) ? Part::kHeldBack : Part::kFit;
                                    return {};
                                  }));
  SampleParts parts;
  std::vector<int64_t> usable;
  for (size_t i = 0; i < parts_of.size(); ++i) {
    const auto number = static_cast<int64_t>(i);
    if (parts_of[i] == Part::kUnusable) continue;
    usable.push_back(number);
    if (parts_of[i] == Part::kFit) {
      parts.fit.push_back(number);
    } else if (parts.judges.size() < kMostJudged) {
      parts.judges.push_back(number);
    }
  }
  parts.were_held_back = !parts.judges.empty() && !parts.fit.empty();
  if (parts.were_held_back) return parts;
  parts.fit = parts.judges = usable;
  if (parts.judges.size() > kMostJudged) parts.judges.resize(kMostJudged);
  return parts;
}

double HeldBackError::lowest_sqnr_db() const {
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& output : outputs) {
    if (output.kind() == ValueKind::kFloat) lowest = std::min(lowest, output.sqnr_db());
  }
  return lowest;
}

Result<HeldBackError> measure_held_back(const PreparedModel& prepared, const Model& quantized,
                                        const CalibrationInputs& samples, const SampleParts& parts,
                                        const RunOptions& options) {
  HeldBackError error;
  error.were_held_back = parts.were_held_back;
  error.samples = static_cast<int64_t>(parts.judges.size());
  EngineOptions engine = engine_options(options, ExecutionMode::kFloat);
  const auto logits = logits_of(prepared.model.graph());
  for (const auto& [output, logit] : logits) engine.extra_outputs.push_back(logit);
  ZP_ASSIGN_OR_RETURN(Engine reference, compile(prepared.model, engine));
  ZP_ASSIGN_OR_RETURN(const Model simulated, simulated_model(quantized));
  ZP_ASSIGN_OR_RETURN(Engine changed, compile(simulated, engine));
  PairOptions pair_options;
  pair_options.threads = thread_count(options);
  pair_options.what = "checking";
  pair_options.progress = options.progress;
  const LoadSample load = [&](int64_t i) -> Result<std::vector<NamedTensor>> {
    ZP_ASSIGN_OR_RETURN(auto sample, samples.load(i));
    return std::move(sample.inputs);
  };
  ZP_ASSIGN_OR_RETURN(error.outputs, measure(reference, changed, parts.judges, load, pair_options));
  // The values behind the outputs are the logits, in the order of their names.
  const size_t outputs = error.outputs.size() - logits.size();
  double sum = 0;
  int64_t count = 0;
  for (size_t i = 0; i < outputs; ++i) {
    const auto logit = logits.find(error.outputs[i].name());
    const size_t judged = logit == logits.end()
                              ? i
                              : outputs + static_cast<size_t>(std::distance(logits.begin(), logit));
    if (error.outputs[judged].kind() != ValueKind::kFloat) continue;
    sum += error.outputs[judged].mean_sample_sqnr_db();
    ++count;
  }
  error.score_db = count > 0 ? sum / static_cast<double>(count) : 0;
  error.outputs.erase(error.outputs.begin() + static_cast<std::ptrdiff_t>(outputs),
                      error.outputs.end());
  return error;
}

}  // namespace zp
