// Weights chosen by what their errors do at the output of their node, on the inputs that it has in
// the quantized network.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/progress.h"
#include "zeropoint/evaluate/measure.h"
#include "zeropoint/plan/plan.h"
#include "zeropoint/quantizer/prepared_model.h"

namespace zp {

enum class Corrects {
  kRounding,      // codes make up for each other's errors (tuning/gptq.h)
  kInputsAsWell,  // and weights, before they are rounded, for the error of the node's input
                  // (tuning/error_correction.h)
};

struct WeightTuning {
  Corrects corrects = Corrects::kRounding;
  double ridge = 0.1;  // of the correction of inputs
};

// Samples that a step may look at.
struct TuningSamples {
  std::vector<int64_t> numbers;
  LoadSample load;
  int threads = 0;                                                // 0: all processors
  std::map<std::string, std::vector<int64_t>> input_shapes = {};  // by input name
  ProgressCallback progress = nullptr;
};

// The plan with scales, codes and bias corrections of its weighted nodes chosen anew, node after
// node in the order of the graph, each on the inputs that it gets from the nodes before it as they
// have become: scales by tuning/scale_search.h, codes by tuning/gptq.h, and what is left of the
// mean error, the input's included, goes into the bias (empirical bias correction, Nagel et al.
// 2019, arXiv 1906.04721, appendix D). The same for any number of threads.
Result<Plan> tune_weights(const PreparedModel& prepared, const Plan& plan,
                          const TuningSamples& samples, const WeightTuning& tuning);

}  // namespace zp
