// What one pass over the samples leaves behind: an observer for each tensor, and where it all came
// from. It is what `zeropoint calibrate` writes, `merge` joins and `quantize --statistics` reads.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/hash.h"
#include "zeropoint/observe/observer.h"

namespace zp {

// Statistics of two runs belong together where all of this is equal.
struct CalibrationOrigin {
  std::string tool_version = {};
  Hash128 source_model = {};    // the model's file, external data included
  Hash128 prepared_model = {};  // after the exact passes: the one that ran
  Hash128 preprocessing = {};   // how files become inputs
  std::string engine = {};      // its name and version
  std::string instruction_set = {};

  friend bool operator==(const CalibrationOrigin&, const CalibrationOrigin&) = default;
};

// One sample in eight is held back: ranges are not chosen from it, so that what was chosen can be
// judged on it. Which ones follows from the sample's own content, so that any sharding agrees.
inline bool is_held_back(const Hash128& sample) { return sample.low % 8 == 0; }

struct CalibrationSample {
  Hash128 hash;        // of what the model was given
  std::string source;  // the name of its file, without folders
  friend auto operator<=>(const CalibrationSample&, const CalibrationSample&) = default;
};

struct SkippedSample {
  std::string source;  // as above
  std::string reason;
  friend auto operator<=>(const SkippedSample&, const SkippedSample&) = default;
};

// Of one tensor: what the samples gave of it that were not held back, and those that were. The two
// have no sample in common.
struct TensorStatistics {
  // The axis whose channels are observed one by one as well; nothing: the tensor as a whole.
  std::optional<int64_t> channel_axis;
  // An observer without channels and elements where no sample of the part had the tensor.
  Observer fit;
  Observer held_back;
};

struct CalibrationStatistics {
  CalibrationOrigin origin;
  std::map<std::string, TensorStatistics> tensors;
  std::vector<CalibrationSample> samples;  // ascending
  std::vector<SkippedSample> skipped;      // ascending
};

// Which samples ranges are chosen from.
enum class CalibrationPart {
  kFit,  // those that were not held back
  kAll,
};

// kFit; but kAll where fewer than 4 samples would be left, which is too few to leave any out.
// (Where none was held back the two are the same.)
CalibrationPart calibration_part(const CalibrationStatistics& statistics);

// The observer of a tensor over that part. An error that names the tensor where there is none of
// this name, or the two parts together exceed Observer::kMaxElements.
Result<Observer> calibration_observer(const CalibrationStatistics& statistics,
                                      const std::string& tensor);

// Observer::merge, where one that has seen nothing may lack the other's channels.
Status merge_observers(Observer& into, const Observer& other);

}  // namespace zp
