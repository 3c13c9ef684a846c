// One pass over the samples: the model is run on each, and the values that are to be quantized are
// observed on the way.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/hash.h"
#include "zeropoint/base/progress.h"
#include "zeropoint/engine/engine.h"
#include "zeropoint/quantizer/statistics.h"

namespace zp {

// Where the samples come from. Both functions are called by several threads at once.
struct CalibrationInputs {
  struct Sample {
    std::vector<NamedTensor> inputs;
    Hash128 hash;  // of what the model is given
  };

  int64_t count = 0;
  // What sample i is called, such as the path of its file.
  std::function<std::string(int64_t)> name;
  // Errors name the file.
  std::function<Result<Sample>(int64_t)> load;
};

struct ObservedTensor {
  std::string name;
  // The axis whose channels are observed one by one as well.
  std::optional<int64_t> channel_axis = std::nullopt;
};

enum class OnBadSample {
  kStop,  // a sample that cannot be loaded or run is an error
  kSkip,  // it is left out and listed in the statistics
};

struct CalibrateOptions {
  OnBadSample on_bad_sample = OnBadSample::kStop;
  ProgressCallback progress = nullptr;
};

// Runs `engine` on every sample, as many at a time as it has requests, and observes `tensors`, each
// of which has to be among engine.watched(). Those of integers and booleans are left out of the
// statistics. Of `origin`, engine and instruction_set are filled in here.
//
// The statistics are the same for any number of requests and any order of the samples. Memory: one
// sample and 1 MB a request, and the observers, once for every four requests, whatever the number
// of samples.
//
// Errors: of a sample (the one with the lowest index), an observed tensor that is not watched, a
// channel axis that the tensor does not have or along which its size varies, no sample left,
// cancelling; and, also with kSkip, a run that the engine gives up half way.
Result<CalibrationStatistics> calibrate(Engine& engine, const std::vector<ObservedTensor>& tensors,
                                        const CalibrationInputs& samples, CalibrationOrigin origin,
                                        const CalibrateOptions& options = {});

}  // namespace zp
