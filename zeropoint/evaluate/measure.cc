#include "zeropoint/evaluate/measure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <ranges>

#include "zeropoint/base/threads.h"

namespace zp {
namespace {

// Lends the numbers of workers that are not at work.
class Workers {
 public:
  explicit Workers(int count) : free_(static_cast<size_t>(count)) {
    std::iota(free_.rbegin(), free_.rend(), 0);
  }
  int take() {
    std::unique_lock lock(mutex_);
    given_back_.wait(lock, [&] { return !free_.empty(); });
    const int worker = free_.back();
    free_.pop_back();
    return worker;
  }
  void give_back(int worker) {
    const std::lock_guard lock(mutex_);
    free_.push_back(worker);
    given_back_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<int> free_;
};

std::string text_of(const EngineValue& value) {
  if (!value.dims) return fmt::format("{} of any shape", name(value.type));
  std::vector<std::string> dims;
  for (const int64_t dim : *value.dims) dims.push_back(dim < 0 ? "?" : fmt::to_string(dim));
  return fmt::format("{} [{}]", name(value.type), fmt::join(dims, ", "));
}

bool agree(const EngineValue& a, const EngineValue& b) {
  return a.type == b.type &&
         (!a.dims || !b.dims || std::ranges::equal(*a.dims, *b.dims, [](int64_t p, int64_t q) {
           return p < 0 || q < 0 || p == q;
         }));
}

std::string names_of(const std::vector<EngineValue>& values) {
  return fmt::format("\"{}\"",
                     fmt::join(values | std::views::transform(&EngineValue::name), "\", \""));
}

Status check_same(std::string_view what, const std::vector<EngineValue>& reference,
                  const std::vector<EngineValue>& quantized) {
  for (const EngineValue& value : reference) {
    const auto found = std::ranges::find(quantized, value.name, &EngineValue::name);
    if (found == quantized.end()) {
      return invalid_argument(fmt::format(
          "{} \"{}\" of the float model is not in the quantized one, which has {}: they "
          "are not two forms of one model",
          what, value.name, quantized.empty() ? "none" : names_of(quantized)));
    }
    if (!agree(value, *found)) {
      return invalid_argument(
          fmt::format("{} \"{}\" is {} in the float model and {} in the quantized one", what,
                      value.name, text_of(value), text_of(*found)));
    }
  }
  for (const EngineValue& value : quantized) {
    if (std::ranges::find(reference, value.name, &EngineValue::name) == reference.end()) {
      return invalid_argument(fmt::format(
          "{} \"{}\" of the quantized model is not in the float one, which has {}: they "
          "are not two forms of one model",
          what, value.name, reference.empty() ? "none" : names_of(reference)));
    }
  }
  return {};
}

}  // namespace

Status check_same_interface(const Engine& reference, const Engine& quantized) {
  ZP_RETURN_IF_ERROR(check_same("input", reference.inputs(), quantized.inputs()));
  return check_same("output", reference.outputs(), quantized.outputs());
}

int pair_workers(const Engine& reference, const Engine& quantized) {
  return std::min(reference.requests(), quantized.requests());
}

Status run_pairs(Engine& reference, Engine& quantized, std::span<const int64_t> samples,
                 const LoadSample& load, const SeePair& see, const PairOptions& options) {
  const int count = pair_workers(reference, quantized);
  Workers workers(count);
  const auto run_pair = [&](int worker, int64_t sample) -> Status {
    ZP_ASSIGN_OR_RETURN(const std::optional<SampleInputs> inputs, load(sample));
    if (!inputs) return {};
    ZP_ASSIGN_OR_RETURN(const RunOutputs first, reference.run(worker, *inputs));
    ZP_ASSIGN_OR_RETURN(const RunOutputs second, quantized.run(worker, *inputs));
    return see({.worker = worker, .sample = sample, .reference = first, .quantized = second});
  };
  const int threads = options.threads == 0 ? count : std::min(options.threads, count);
  return parallel_for(static_cast<int64_t>(samples.size()),
                      {.threads = threads, .what = options.what, .progress = options.progress},
                      [&](int64_t i) {
                        const int worker = workers.take();
                        Status status = run_pair(worker, samples[static_cast<size_t>(i)]);
                        workers.give_back(worker);
                        return status;
                      });
}

std::vector<size_t> matching_outputs(const Engine& reference, const Engine& quantized) {
  std::vector<size_t> places;
  for (const EngineValue& value : reference.outputs()) {
    const auto found = std::ranges::find(quantized.outputs(), value.name, &EngineValue::name);
    places.push_back(static_cast<size_t>(found - quantized.outputs().begin()));
  }
  return places;
}

Result<ErrorCollector> ErrorCollector::make(const Engine& reference, const Engine& quantized) {
  if (reference.extra_outputs().size() != quantized.extra_outputs().size()) {
    return invalid_argument(fmt::format("{} inner tensors of the float model against {}",
                                        reference.extra_outputs().size(),
                                        quantized.extra_outputs().size()));
  }
  std::vector<OutputError> none;
  for (const auto* values : {&reference.outputs(), &reference.extra_outputs()}) {
    for (const EngineValue& value : *values) none.emplace_back(value.name, value_kind(value.type));
  }
  ErrorCollector collector;
  collector.places_ = matching_outputs(reference, quantized);
  collector.by_worker_.assign(static_cast<size_t>(pair_workers(reference, quantized)), none);
  return collector;
}

Status ErrorCollector::see(const PairRun& run) {
  std::vector<OutputError>& errors = by_worker_[static_cast<size_t>(run.worker)];
  for (size_t i = 0; i < places_.size(); ++i) {
    ZP_RETURN_IF_ERROR(
        errors[i].add(run.sample, run.reference.outputs[i], run.quantized.outputs[places_[i]]));
  }
  for (size_t i = 0; i < run.reference.extra.size(); ++i) {
    ZP_RETURN_IF_ERROR(
        errors[places_.size() + i].add(run.sample, run.reference.extra[i], run.quantized.extra[i]));
  }
  return {};
}

std::vector<OutputError> ErrorCollector::total() const {
  std::vector<OutputError> errors = by_worker_.front();
  for (size_t worker = 1; worker < by_worker_.size(); ++worker) {
    for (size_t i = 0; i < errors.size(); ++i) errors[i].merge(by_worker_[worker][i]);
  }
  return errors;
}

Result<std::vector<OutputError>> measure(Engine& reference, Engine& quantized,
                                         std::span<const int64_t> samples, const LoadSample& load,
                                         const PairOptions& options) {
  ZP_RETURN_IF_ERROR(check_same_interface(reference, quantized));
  ZP_ASSIGN_OR_RETURN(ErrorCollector errors, ErrorCollector::make(reference, quantized));
  const auto see = [&](const PairRun& run) { return errors.see(run); };
  ZP_RETURN_IF_ERROR(run_pairs(reference, quantized, samples, load, see, options));
  return errors.total();
}

}  // namespace zp
