// A float model and its quantized form judged on samples: errors of outputs and inner tensors,
// right answers, latency.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/progress.h"
#include "zeropoint/data/sample_source.h"
#include "zeropoint/engine/engine.h"
#include "zeropoint/evaluate/classification.h"
#include "zeropoint/evaluate/latency.h"
#include "zeropoint/evaluate/output_error.h"
#include "zeropoint/evaluate/tensor_pairs.h"
#include "zeropoint/graph/model.h"

namespace zp {

enum class CompareTensors { kOutputs, kInnerToo };
enum class CompareLatency { kMeasure, kSkip };
// What was run for the quantized model as it is written.
enum class AsWritten { kNothing, kSimulated, kEngineMode };

struct CompareOptions {
  // That the outputs of the two come from. kFloat for a reference that has no QuantizeLinear.
  ExecutionMode reference_mode = ExecutionMode::kFloat;
  ExecutionMode quantized_mode = ExecutionMode::kInt8;
  CompareTensors tensors = CompareTensors::kOutputs;
  CompareLatency latency = CompareLatency::kMeasure;
  int threads = 0;  // 0: as many as there are processors
  std::map<std::string, std::vector<int64_t>> input_shapes = {};  // as in EngineOptions
  // The quantized model as one of float operators alone that rounds as it does. It then runs in its
  // place wherever kQuantizedAsWritten is asked for, unless the engine cannot compile it: OpenVINO
  // computes some models in a mode of its own for that wrongly.
  const Model* simulated = nullptr;
  // The output that holds the scores of classes; otherwise the first float one whose shape does.
  std::optional<std::string> scores = {};
  ProgressCallback progress = nullptr;
};

// An output or inner tensor.
struct ComparedValue {
  OutputError error;
  std::string worst_sample;  // its name; "" where there is none
};

struct ComparedTensors {
  std::vector<TensorPair> pairs;      // in the order of the float model's nodes
  std::vector<ComparedValue> values;  // one for each pair
  int64_t unmatched = 0;              // as in TensorPairs
};

struct Accuracy {
  std::string output;
  Classification counts;
  Interval difference;  // 95 %, of the top-1 shares, quantized minus float
  double mcnemar_p = 1;
};

struct Comparison {
  int64_t samples = 0;         // runs of the models that are in the errors
  std::vector<Error> skipped;  // samples that could not be loaded, where that is allowed
  std::vector<ComparedValue> outputs;
  AsWritten as_written = AsWritten::kNothing;
  // Where asked for. The inner tensors of the quantized model are computed as it is written:
  // integer execution merges most of them away.
  std::optional<ComparedTensors> tensors;
  std::optional<Accuracy> accuracy;  // with labels
  // Where asked for. Of the float model in reference_mode and of the quantized one in kInt8.
  std::optional<LatencyPair> latency;
};

// `labels` as read_labels gives them, or empty for none. The two models are those of the files that
// `reference` and `quantized` were loaded from; where all samples have the same shapes they are
// compiled for these (fixed_shapes.h says why). Everything but the latency is the same for any
// number of threads. Errors: those of the engine for either model, of check_same_interface, of a
// sample, of the labels (which name the sample), of `scores` (no such output, one that holds no
// scores).
Result<Comparison> compare(const Model& reference, const Model& quantized,
                           const SampleSource& samples, std::span<const int64_t> labels,
                           const CompareOptions& options);

}  // namespace zp
