#include "zeropoint/quantizer/calibrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <filesystem>
#include <mutex>
#include <set>
#include <span>

#include "zeropoint/base/tensor_view.h"
#include "zeropoint/base/threads.h"
#include "zeropoint/kernels/target.h"
#include "zeropoint/numerics/half_input.h"

namespace zp {
namespace {

bool is_float(DataType type) {
  return type == DataType::kFloat || type == DataType::kFloat16 || type == DataType::kBfloat16 ||
         type == DataType::kDouble;
}

// The 2^16 floats that 16 bits can stand for.
template <class T>
std::vector<float> table_of() {
  std::vector<float> table(size_t{1} << 16);
  for (size_t i = 0; i < table.size(); ++i) table[i] = to_float(T{static_cast<uint16_t>(i)});
  return table;
}

template <class T>
std::span<const float> widened(std::span<const uint16_t> values, std::vector<float>& room) {
  static const std::vector<float> table = table_of<T>();
  room.resize(values.size());
  std::ranges::transform(values, room.begin(), [&](uint16_t bits) { return table[bits]; });
  return room;
}

// The elements as float32; those of other types are converted into `room`.
std::span<const float> floats_of(const OutputView& view, std::vector<float>& room) {
  switch (view.type) {
    case DataType::kFloat16:
      return widened<Float16>(view.as<uint16_t>(), room);
    case DataType::kBfloat16:
      return widened<Bfloat16>(view.as<uint16_t>(), room);
    case DataType::kDouble: {
      const auto values = view.as<double>();
      room.resize(values.size());
      std::ranges::transform(values, room.begin(),
                             [](double value) { return static_cast<float>(value); });
      return room;
    }
    default:
      return view.as<float>();
  }
}

// A tensor's observers, which all requests share: what is observed does not depend on the order.
struct Observed {
  size_t extra_output = 0;
  std::string name;
  std::mutex mutex;  // guards what follows
  TensorStatistics statistics;
};

Status observe(Observer& observer, const OutputView& view, std::optional<int64_t> channel_axis) {
  thread_local std::vector<float> room;
  const std::span<const float> values = floats_of(view, room);
  if (!channel_axis) return observer.observe(values);
  ZP_ASSIGN_OR_RETURN(const auto tensor, TensorView<const float>::make(values, view.shape));
  if (observer.channels().empty()) {
    ZP_ASSIGN_OR_RETURN(const AxisSplit split, split_at_axis(view.shape, *channel_axis));
    ZP_ASSIGN_OR_RETURN(observer, Observer::per_channel(split.axis));
  }
  return observer.observe(tensor, *channel_axis);
}

// The requests that no thread is using.
class FreeRequests {
 public:
  explicit FreeRequests(int count) {
    for (int i = count - 1; i >= 0; --i) free_.push_back(i);
  }
  // There is one: no more threads ask than there are requests.
  int take() {
    const std::lock_guard lock(mutex_);
    const int request = free_.back();
    free_.pop_back();
    return request;
  }
  void give_back(int request) {
    const std::lock_guard lock(mutex_);
    free_.push_back(request);
  }

 private:
  std::mutex mutex_;
  std::vector<int> free_;
};

class Calibration {
 public:
  Calibration(Engine& engine, const CalibrationInputs& samples, const CalibrateOptions& options)
      : engine_(engine), samples_(samples), options_(options), requests_(engine.requests()) {}

  Status choose(const std::vector<ObservedTensor>& tensors);
  Status run();
  Result<CalibrationStatistics> statistics(CalibrationOrigin origin) &&;

 private:
  Status take_sample(int64_t index);
  Status observe_all(const RunOutputs& run, const Hash128& sample);
  Status observe_one(Observed& observed, const RunOutputs& run, const Hash128& sample);

  Engine& engine_;
  const CalibrationInputs& samples_;
  const CalibrateOptions& options_;
  FreeRequests requests_;
  std::deque<Observed> observed_;

  std::mutex mutex_;  // guards what follows
  std::vector<CalibrationSample> taken_;
  std::vector<SkippedSample> skipped_;
};

Status Calibration::choose(const std::vector<ObservedTensor>& tensors) {
  const auto& extra = engine_.extra_outputs();
  std::set<std::string> names;
  for (const ObservedTensor& tensor : tensors) {
    const auto found = std::ranges::find(extra, tensor.name, &EngineValue::name);
    if (found == extra.end()) {
      return invalid_argument(fmt::format(
          "tensor \"{}\" is to be observed, but the engine does not hand it out", tensor.name));
    }
    if (!names.insert(tensor.name).second) {
      return invalid_argument(
          fmt::format("tensor \"{}\" is to be observed more than once", tensor.name));
    }
    if (!is_float(found->type)) continue;
    Observed& observed = observed_.emplace_back();
    observed.extra_output = static_cast<size_t>(found - extra.begin());
    observed.name = tensor.name;
    observed.statistics.channel_axis = tensor.channel_axis;
  }
  return {};
}

Status Calibration::run() {
  return parallel_for(
      samples_.count,
      {.threads = engine_.requests(), .what = "calibrating", .progress = options_.progress},
      [this](int64_t index) { return take_sample(index); });
}

Status Calibration::take_sample(int64_t index) {
  const std::string name = samples_.name(index);
  // Without folders, so that it does not matter where a shard's samples lie.
  const std::string source = std::filesystem::path(name).filename().string();
  Error problem;
  if (auto sample = samples_.load(index); !sample) {
    problem = std::move(sample).error();
  } else {
    const int request = requests_.take();
    auto run = engine_.run(request, sample->inputs);
    Status status;
    if (run) status = observe_all(*run, sample->hash);
    requests_.give_back(request);
    if (run) {
      ZP_RETURN_IF_ERROR(std::move(status));
      const std::lock_guard lock(mutex_);
      taken_.push_back({sample->hash, source});
      return {};
    }
    problem = std::move(run).error().at(name);
  }
  if (options_.on_bad_sample == OnBadSample::kStop || problem.code == ErrorCode::kCancelled) {
    return tl::unexpected<Error>(std::move(problem));
  }
  if (const size_t at = problem.message.find(name); at != std::string::npos && !name.empty()) {
    problem.message.replace(at, name.size(), source);
  }
  const std::lock_guard lock(mutex_);
  skipped_.push_back({source, std::move(problem.message)});
  return {};
}

Status Calibration::observe_all(const RunOutputs& run, const Hash128& sample) {
  // First those that no other request is busy with, then the rest, whether one has to wait or not.
  std::vector<Observed*> busy;
  for (Observed& observed : observed_) {
    if (const std::unique_lock lock(observed.mutex, std::try_to_lock); lock) {
      ZP_RETURN_IF_ERROR(observe_one(observed, run, sample));
    } else {
      busy.push_back(&observed);
    }
  }
  for (Observed* observed : busy) {
    const std::lock_guard lock(observed->mutex);
    ZP_RETURN_IF_ERROR(observe_one(*observed, run, sample));
  }
  return {};
}

Status Calibration::observe_one(Observed& observed, const RunOutputs& run, const Hash128& sample) {
  TensorStatistics& statistics = observed.statistics;
  auto status = observe(is_held_back(sample) ? statistics.held_back : statistics.fit,
                        run.extra[observed.extra_output], statistics.channel_axis);
  if (!status) {
    return tl::unexpected<Error>(
        std::move(status).error().at(fmt::format("tensor \"{}\"", observed.name)));
  }
  return {};
}

Result<CalibrationStatistics> Calibration::statistics(CalibrationOrigin origin) && {
  std::ranges::sort(taken_);
  std::ranges::sort(skipped_);
  if (taken_.empty()) {
    return invalid_data(skipped_.empty()
                            ? "there are no samples to calibrate with"
                            : fmt::format("none of the {} samples could be used; the first: {}",
                                          skipped_.size(), skipped_.front().reason));
  }
  origin.engine = engine_version();
  origin.instruction_set = kernels::available_targets().front();
  CalibrationStatistics statistics{.origin = std::move(origin),
                                   .tensors = {},
                                   .samples = std::move(taken_),
                                   .skipped = std::move(skipped_)};
  for (Observed& observed : observed_) {
    statistics.tensors.emplace(observed.name, std::move(observed.statistics));
  }
  return statistics;
}

}  // namespace

Result<CalibrationStatistics> calibrate(Engine& engine, const std::vector<ObservedTensor>& tensors,
                                        const CalibrationInputs& samples, CalibrationOrigin origin,
                                        const CalibrateOptions& options) {
  Calibration calibration(engine, samples, options);
  ZP_RETURN_IF_ERROR(calibration.choose(tensors));
  ZP_RETURN_IF_ERROR(calibration.run());
  return std::move(calibration).statistics(std::move(origin));
}

}  // namespace zp
