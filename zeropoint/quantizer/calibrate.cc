#include "zeropoint/quantizer/calibrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <span>

#include "zeropoint/base/tensor_view.h"
#include "zeropoint/base/threads.h"
#include "zeropoint/engine/free_requests.h"
#include "zeropoint/kernels/target.h"
#include "zeropoint/numerics/half_input.h"
#include "zeropoint/observe/element_sample.h"

namespace zp {
namespace {

bool is_float(DataType type) {
  return type == DataType::kFloat || type == DataType::kFloat16 || type == DataType::kBfloat16 ||
         type == DataType::kDouble;
}

// The instructions that decide how the engine's layers round.
std::string instruction_set() {
  std::string set = kernels::available_targets().front();
  // The engine's layers heed this variable of oneDNN's.
  if (const char* limit = std::getenv("ONEDNN_MAX_CPU_ISA"); limit && *limit) {
    set += fmt::format(", at most {}", limit);
  }
  return set;
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

Status observe(Observer& observer, const OutputView& view, std::optional<int64_t> channel_axis) {
  thread_local std::vector<float> room, sample_room;
  const std::span<const float> values = floats_of(view, room);
  AxisSplit split{1, 1, view.shape.element_count()};
  if (channel_axis) {
    ZP_ASSIGN_OR_RETURN(const int axis, axis_in(view, *channel_axis));
    ZP_ASSIGN_OR_RETURN(split, split_at_axis(view.shape, axis));
    if (observer.channels().empty()) {
      ZP_ASSIGN_OR_RETURN(observer, Observer::per_channel(split.axis));
    }
  }
  const int64_t positions = sampled_positions(split);
  std::span<const float> sample = values;
  if (positions < split.outer * split.inner) {
    sample = sample_elements(values, split, positions, sample_room);
    split = {1, split.axis, positions};
  }
  if (!channel_axis) return observer.observe_part(values, sample);
  return observer.observe_part(values, sample, split);
}

// A tensor's observers. Several requests share them, behind the lock: what comes of it does not
// depend on the order.
struct Observed {
  std::mutex mutex;  // guards what follows
  Observer fit;
  Observer held_back;
};

// So many requests share one set of observers: few enough that they seldom wait for each other.
constexpr int kSharing = 4;

class Calibration {
 public:
  Calibration(Engine& engine, const CalibrationInputs& samples, const CalibrateOptions& options)
      : engine_(engine), samples_(samples), options_(options), requests_(engine.requests()) {}

  Status choose(const std::vector<ObservedTensor>& tensors);
  Status run();
  Result<CalibrationStatistics> statistics(CalibrationOrigin origin) &&;

 private:
  Status take_sample(int64_t index);
  Status run_sample(const CalibrationInputs::Sample& sample, bool& begun);
  Status observe_watched(size_t set, size_t number, const OutputView& view, const Hash128& sample);

  Engine& engine_;
  const CalibrationInputs& samples_;
  const CalibrateOptions& options_;
  FreeRequests requests_;
  // By number among engine.watched(); nothing for a value that is not observed.
  std::vector<const ObservedTensor*> chosen_;
  // Sets of observers, each by number as above.
  std::vector<std::vector<Observed>> sets_;

  std::mutex mutex_;  // guards what follows
  std::vector<CalibrationSample> taken_;
  std::vector<SkippedSample> skipped_;
};

Status Calibration::choose(const std::vector<ObservedTensor>& tensors) {
  const auto& watched = engine_.watched();
  chosen_.resize(watched.size());
  for (const ObservedTensor& tensor : tensors) {
    const auto found = std::ranges::find(watched, tensor.name, &EngineValue::name);
    if (found == watched.end()) {
      return invalid_argument(fmt::format(
          "tensor \"{}\" is to be observed, but the engine does not watch it", tensor.name));
    }
    const ObservedTensor*& chosen = chosen_[static_cast<size_t>(found - watched.begin())];
    if (chosen) {
      return invalid_argument(
          fmt::format("tensor \"{}\" is to be observed more than once", tensor.name));
    }
    chosen = &tensor;
  }
  for (size_t i = 0; i < watched.size(); ++i) {
    if (!is_float(watched[i].type)) chosen_[i] = nullptr;
  }
  for (int i = 0; i < engine_.requests(); i += kSharing) sets_.emplace_back(watched.size());
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
  bool begun = false;
  Error problem;
  if (auto sample = samples_.load(index); !sample) {
    problem = std::move(sample).error();
  } else if (auto status = run_sample(*sample, begun); !status) {
    problem = std::move(status).error().at(name);
  } else {
    const std::lock_guard lock(mutex_);
    taken_.push_back({sample->hash, source});
    return {};
  }
  // What was observed of half a run cannot be taken back.
  if (begun || options_.on_bad_sample == OnBadSample::kStop ||
      problem.code == ErrorCode::kCancelled) {
    return tl::unexpected<Error>(std::move(problem));
  }
  if (const size_t at = problem.message.find(name); at != std::string::npos && !name.empty()) {
    problem.message.replace(at, name.size(), source);
  }
  const std::lock_guard lock(mutex_);
  skipped_.push_back({source, std::move(problem.message)});
  return {};
}

Status Calibration::run_sample(const CalibrationInputs::Sample& sample, bool& begun) {
  const int request = requests_.take();
  const size_t set = static_cast<size_t>(request) % sets_.size();
  auto run = engine_.run(request, sample.inputs, [&](size_t number, const OutputView& view) {
    begun = true;
    return observe_watched(set, number, view, sample.hash);
  });
  requests_.give_back(request);
  if (!run) return tl::unexpected<Error>(std::move(run).error());
  return {};
}

Status Calibration::observe_watched(size_t set, size_t number, const OutputView& view,
                                    const Hash128& sample) {
  const ObservedTensor* tensor = chosen_[number];
  if (!tensor) return {};
  Observed& observed = sets_[set][number];
  const std::lock_guard lock(observed.mutex);
  auto status =
      observe(is_held_back(sample) ? observed.held_back : observed.fit, view, tensor->channel_axis);
  if (!status) {
    return tl::unexpected<Error>(
        std::move(status).error().at(fmt::format("tensor \"{}\"", tensor->name)));
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
  origin.instruction_set = instruction_set();
  CalibrationStatistics statistics{.origin = std::move(origin),
                                   .tensors = {},
                                   .samples = std::move(taken_),
                                   .skipped = std::move(skipped_)};
  for (size_t i = 0; i < chosen_.size(); ++i) {
    if (!chosen_[i]) continue;
    TensorStatistics& tensor = statistics.tensors[chosen_[i]->name];
    tensor.channel_axis = chosen_[i]->channel_axis;
    for (std::vector<Observed>& set : sets_) {
      ZP_RETURN_IF_ERROR(merge_observers(tensor.fit, set[i].fit));
      ZP_RETURN_IF_ERROR(merge_observers(tensor.held_back, set[i].held_back));
      set[i].fit = {};
      set[i].held_back = {};
    }
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
