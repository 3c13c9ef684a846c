// A float model and its quantized form side by side, over samples.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/progress.h"
#include "zeropoint/engine/engine.h"
#include "zeropoint/evaluate/output_error.h"

namespace zp {

// The inputs of one run, or nothing for a sample that is to be left out. Called by several threads
// at once; an error should name the sample.
using SampleInputs = std::vector<NamedTensor>;
using LoadSample = std::function<Result<std::optional<SampleInputs>>(int64_t sample)>;

// What both models gave for one sample. Called by several threads at once, with a `worker` of its
// own for each, in [0, pair_workers()).
struct PairRun {
  int worker = 0;
  int64_t sample = 0;
  const RunOutputs& reference;
  const RunOutputs& quantized;
};
using SeePair = std::function<Status(const PairRun&)>;

struct PairOptions {
  int threads = 0;  // 0: as many as both engines have requests for
  std::string_view what = "comparing";
  ProgressCallback progress = nullptr;
};

// An error in one line where the two do not have the same inputs and outputs: names, types, ranks
// and the sizes that both know. The order may differ.
Status check_same_interface(const Engine& reference, const Engine& quantized);

// The number of threads that run_pairs uses at most: of requests that both engines have.
int pair_workers(const Engine& reference, const Engine& quantized);

// Runs both engines on each sample. Errors: those of `load`, of the runs and of `see`, for the
// lowest failing sample; kCancelled.
Status run_pairs(Engine& reference, Engine& quantized, std::span<const int64_t> samples,
                 const LoadSample& load, const SeePair& see, const PairOptions& options = {});

// Where the quantized engine has the output of each of the float engine's names: indices into
// RunOutputs::outputs. Requires that check_same_interface found nothing.
std::vector<size_t> matching_outputs(const Engine& reference, const Engine& quantized);

// Errors as they come together from several workers. Requires that check_same_interface found
// nothing.
class ErrorCollector {
 public:
  // An error where the engines differ in the number of extra outputs.
  static Result<ErrorCollector> make(const Engine& reference, const Engine& quantized);
  // As SeePair.
  Status see(const PairRun& run);
  // First the outputs, in the float engine's order, then the extra outputs, the i-th of one engine
  // against the i-th of the other, all under the float engine's names.
  std::vector<OutputError> total() const;

 private:
  std::vector<size_t> places_;
  std::vector<std::vector<OutputError>> by_worker_;
};

// The errors over all samples as ErrorCollector::total gives them, the same bits for any number of
// threads. Fails where check_same_interface, ErrorCollector::make or run_pairs does.
Result<std::vector<OutputError>> measure(Engine& reference, Engine& quantized,
                                         std::span<const int64_t> samples, const LoadSample& load,
                                         const PairOptions& options = {});

}  // namespace zp
