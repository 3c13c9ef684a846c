// Static quantization from a model file and samples to a finished model, in the steps that the
// commands calibrate, plan and quantize are made of.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/progress.h"
#include "zeropoint/evaluate/output_error.h"
#include "zeropoint/quantizer/calibrate.h"
#include "zeropoint/quantizer/planner.h"
#include "zeropoint/quantizer/prepared_model.h"
#include "zeropoint/quantizer/range_use.h"

namespace zp {

struct RunOptions {
  int threads = 0;  // 0: as many as there are processors
  OnBadSample on_bad_sample = OnBadSample::kStop;
  std::map<std::string, std::vector<int64_t>> input_shapes = {};  // by input name
  ProgressCallback progress = nullptr;
};

// Observes every tensor that a plan for any of the targets may ask about.
Result<CalibrationStatistics> calibrate_model(const PreparedModel& prepared,
                                              std::span<const Target> targets,
                                              const CalibrationInputs& samples,
                                              const Hash128& preprocessing,
                                              const RunOptions& options);

// Whether statistics were taken of this model; an error that says what differs.
Status check_origin(const PreparedModel& prepared, const CalibrationStatistics& statistics);

// The observers that a plan is made from: of the samples that were not held back, where there are
// enough (calibration_part).
Result<Observers> plan_observers(const CalibrationStatistics& statistics);

// Applies the plan and checks the result with ONNX's checker: a model that it refuses is an error.
Result<Model> apply_plan(const PreparedModel& prepared, const Plan& plan);

// Which samples a step may look at, and which judge it.
struct SampleParts {
  std::vector<int64_t> fit;
  std::vector<int64_t> judges;
  bool were_held_back = true;  // false: too few for that, so both are all of them
};

// By the samples' content (is_held_back); of the judges no more than tell something new. Loads each
// sample. Errors are those of the samples.
Result<SampleParts> split_samples(const CalibrationInputs& samples, const RunOptions& options);

// What was lost on some samples: the error of each output, float against quantized as it is
// written.
struct HeldBackError {
  int64_t samples = 0;
  bool were_held_back = true;  // false: too few for that, so calibration samples judge themselves
  std::vector<OutputError> outputs;

  // By which steps of a recipe are judged: the mean over the float outputs of their samples' mean
  // signal-to-noise, in dB. An output that a Softmax, a LogSoftmax or a Sigmoid makes is judged by
  // what that node reads, since most of its elements are next to 0 or 1 whatever happens.
  double score_db = 0;

  // The lowest over the float outputs, in dB; +infinity where there is none.
  double lowest_sqnr_db() const;
};
Result<HeldBackError> measure_held_back(const PreparedModel& prepared, const Model& quantized,
                                        const CalibrationInputs& samples, const SampleParts& parts,
                                        const RunOptions& options);

}  // namespace zp
