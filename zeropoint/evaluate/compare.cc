#include "zeropoint/evaluate/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "zeropoint/base/threads.h"
#include "zeropoint/data/skipped_samples.h"
#include "zeropoint/evaluate/fixed_shapes.h"
#include "zeropoint/evaluate/measure.h"

namespace zp {
namespace {

// Where the class scores are among the outputs of both engines.
struct Scores {
  std::string output;
  size_t reference = 0;
  size_t quantized = 0;
};

bool may_hold_scores(const EngineValue& value) {
  if (value_kind(value.type) != ValueKind::kFloat) return false;
  if (!value.dims) return true;
  std::vector<int64_t> dims = *value.dims;
  // Of an unknown size: the most favourable one, a single sample or two classes.
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] < 0) dims[i] = i + 1 == dims.size() ? 2 : 1;
  }
  const auto shape = Shape::make(std::move(dims));
  return shape && score_rows(*shape);
}

Result<Scores> find_scores(const Engine& reference, const Engine& quantized,
                           const std::optional<std::string>& wanted) {
  const std::vector<EngineValue>& outputs = reference.outputs();
  const auto found = std::ranges::find_if(outputs, [&](const EngineValue& value) {
    return wanted ? value.name == *wanted : may_hold_scores(value);
  });
  if (found == outputs.end()) {
    return invalid_argument(
        wanted ? fmt::format("no output of the models is called \"{}\"", *wanted)
               : "labels are for models with an output of class scores, [samples, classes]: none "
                 "of the outputs has this shape");
  }
  if (!may_hold_scores(*found)) {
    return invalid_argument(fmt::format(
        "output \"{}\" does not hold class scores, which are floats of shape [samples, classes]",
        found->name));
  }
  const auto index = static_cast<size_t>(found - outputs.begin());
  return Scores{found->name, index, matching_outputs(reference, quantized)[index]};
}

std::vector<int64_t> all_runs(const SampleSource& samples) {
  std::vector<int64_t> runs(static_cast<size_t>(samples.size()));
  std::iota(runs.begin(), runs.end(), 0);
  return runs;
}

// One comparison, by models compiled for given shapes.
class Attempt {
 public:
  Attempt(const Model& reference, const Model& quantized, const SampleSource& samples,
          std::span<const int64_t> labels, const CompareOptions& options, const InputShapes& shapes,
          const LoadSample& load)
      : reference_(reference),
        quantized_(quantized),
        samples_(samples),
        labels_(labels),
        options_(options),
        shapes_(shapes),
        load_(load),
        runs_(all_runs(samples)) {
    const int threads = options.threads == 0 ? available_threads() : options.threads;
    requests_ = static_cast<int>(std::clamp<int64_t>(samples.size(), 1, std::max(threads, 1)));
  }

  // Each part compiles engines of its own: those of the latency are for one request, and exposing
  // inner tensors may change how the layers around them are computed.
  Result<Comparison> run() {
    Comparison result;
    ZP_RETURN_IF_ERROR(compare_outputs(result));
    if (result.samples > 0 && options_.latency == CompareLatency::kMeasure) {
      ZP_ASSIGN_OR_RETURN(result.latency, compare_latency());
    }
    if (options_.tensors == CompareTensors::kInnerToo) {
      ZP_ASSIGN_OR_RETURN(result.tensors, compare_tensors(result));
    }
    return result;
  }

 private:
  Result<Engine> compiled(const Model& model, ExecutionMode mode, int requests,
                          std::vector<std::string> extra_outputs = {}) const {
    return Engine::compile({.path = model.name()}, {.mode = mode,
                                                    .requests = requests,
                                                    .extra_outputs = std::move(extra_outputs),
                                                    .input_shapes = shapes_});
  }

  Result<Engine> compiled_quantized(ExecutionMode mode,
                                    const std::vector<std::string>& extra_outputs,
                                    Comparison& result) const {
    if (mode != ExecutionMode::kQuantizedAsWritten) {
      return compiled(quantized_, mode, requests_, extra_outputs);
    }
    if (options_.simulated != nullptr) {
      auto bytes = options_.simulated->serialize();
      if (bytes) {
        auto engine = Engine::compile({.path = quantized_.name(), .bytes = std::move(*bytes)},
                                      {.mode = ExecutionMode::kFloat,
                                       .requests = requests_,
                                       .extra_outputs = extra_outputs,
                                       .input_shapes = shapes_});
        if (engine) {
          result.as_written = AsWritten::kSimulated;
          return engine;
        }
      }
    }
    result.as_written = AsWritten::kEngineMode;
    return compiled(quantized_, mode, requests_, extra_outputs);
  }

  PairOptions pair_options(std::string_view what) const {
    return {.threads = requests_, .what = what, .progress = options_.progress};
  }

  ComparedValue named(const OutputError& error) const {
    return {error, error.worst() ? samples_.name(error.worst()->sample) : ""};
  }

  // Of the samples of one run.
  std::span<const int64_t> labels_of(int64_t run) const {
    const auto items = samples_.items(run);
    return labels_.subspan(static_cast<size_t>(items.data() - samples_.items().data()),
                           items.size());
  }

  Status compare_outputs(Comparison& result) const {
    ZP_ASSIGN_OR_RETURN(Engine reference, compiled(reference_, options_.reference_mode, requests_));
    ZP_ASSIGN_OR_RETURN(Engine quantized, compiled(quantized_, options_.quantized_mode, requests_));
    ZP_RETURN_IF_ERROR(check_same_interface(reference, quantized));
    ZP_ASSIGN_OR_RETURN(ErrorCollector errors, ErrorCollector::make(reference, quantized));
    std::optional<Scores> scores;
    if (!labels_.empty()) {
      ZP_ASSIGN_OR_RETURN(scores, find_scores(reference, quantized, options_.scores));
    }
    std::vector<Classification> counts(static_cast<size_t>(pair_workers(reference, quantized)));
    const auto see = [&](const PairRun& run) -> Status {
      ZP_RETURN_IF_ERROR(errors.see(run));
      if (!scores) return {};
      Status counted = counts[static_cast<size_t>(run.worker)].add(
          run.reference.outputs[scores->reference], run.quantized.outputs[scores->quantized],
          labels_of(run.sample));
      if (counted) return {};
      return tl::unexpected<Error>(std::move(counted).error().at(
          fmt::format("{}: output \"{}\"", samples_.name(run.sample), scores->output)));
    };
    ZP_RETURN_IF_ERROR(
        run_pairs(reference, quantized, runs_, load_, see, pair_options("comparing")));
    const std::vector<OutputError> total = errors.total();
    for (const OutputError& error : total) result.outputs.push_back(named(error));
    if (!total.empty()) result.samples = total.front().samples();
    if (!scores) return {};
    Classification all;
    for (const Classification& part : counts) all.merge(part);
    if (all.samples == 0) return {};
    result.accuracy = {.output = scores->output,
                       .counts = all,
                       .difference = difference_interval(all.paired()),
                       .mcnemar_p = mcnemar_p(all.paired())};
    return {};
  }

  Result<LatencyPair> compare_latency() const {
    ZP_ASSIGN_OR_RETURN(Engine reference, compiled(reference_, options_.reference_mode, 1));
    ZP_ASSIGN_OR_RETURN(Engine quantized, compiled(quantized_, ExecutionMode::kInt8, 1));
    for (const int64_t run : runs_) {
      ZP_ASSIGN_OR_RETURN(const std::optional<SampleInputs> inputs, load_(run));
      if (!inputs) continue;
      return measure_latency(reference, quantized, *inputs, {.progress = options_.progress});
    }
    return invalid_data("there are no samples");
  }

  Result<ComparedTensors> compare_tensors(Comparison& result) const {
    ZP_ASSIGN_OR_RETURN(TensorPairs matched, match_tensors(reference_, quantized_));
    ComparedTensors tensors;
    tensors.pairs = std::move(matched.pairs);
    tensors.unmatched = matched.unmatched;
    if (tensors.pairs.empty()) return tensors;
    std::vector<std::string> names;
    std::vector<std::string> quantized_names;
    for (const TensorPair& pair : tensors.pairs) {
      names.push_back(pair.name);
      quantized_names.push_back(pair.quantized);
    }
    const ExecutionMode reference_mode = options_.reference_mode == ExecutionMode::kFloat
                                             ? ExecutionMode::kFloat
                                             : ExecutionMode::kQuantizedAsWritten;
    ZP_ASSIGN_OR_RETURN(Engine reference, compiled(reference_, reference_mode, requests_, names));
    ZP_ASSIGN_OR_RETURN(Engine quantized, compiled_quantized(ExecutionMode::kQuantizedAsWritten,
                                                             quantized_names, result));
    ZP_ASSIGN_OR_RETURN(
        const std::vector<OutputError> errors,
        measure(reference, quantized, runs_, load_, pair_options("comparing inner tensors")));
    for (const OutputError& error : std::span(errors).subspan(reference.outputs().size())) {
      tensors.values.push_back(named(error));
    }
    return tensors;
  }

  const Model& reference_;
  const Model& quantized_;
  const SampleSource& samples_;
  std::span<const int64_t> labels_;
  const CompareOptions& options_;
  const InputShapes& shapes_;
  const LoadSample& load_;
  std::vector<int64_t> runs_;
  int requests_ = 1;
};

}  // namespace

Result<Comparison> compare(const Model& reference, const Model& quantized,
                           const SampleSource& samples, std::span<const int64_t> labels,
                           const CompareOptions& options) {
  if (!labels.empty() && labels.size() != samples.items().size()) {
    return invalid_argument(
        fmt::format("{} labels for {} samples", labels.size(), samples.items().size()));
  }
  SkippedSamples skipped(samples);
  const LoadSample load = [&](int64_t run) -> Result<std::optional<SampleInputs>> {
    auto sample = samples.load(run);
    if (sample) return std::move(sample->inputs);
    ZP_RETURN_IF_ERROR(skipped.add(run, std::move(sample).error()));
    return std::nullopt;
  };
  Comparison result;
  const auto work = [&](const InputShapes& shapes, const LoadSample& checked) -> Status {
    const InputShapes& chosen = shapes.empty() ? options.input_shapes : shapes;
    ZP_ASSIGN_OR_RETURN(
        result, Attempt(reference, quantized, samples, labels, options, chosen, checked).run());
    return {};
  };
  ZP_RETURN_IF_ERROR(with_fixed_shapes(all_runs(samples), load, work));
  ZP_RETURN_IF_ERROR(skipped.check_some_left(samples.size()));
  result.skipped = skipped.errors();
  return result;
}

}  // namespace zp
