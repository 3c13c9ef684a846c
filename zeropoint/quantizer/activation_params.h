// The parameters of every activation that a placement names.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/observe/observer.h"
#include "zeropoint/plan/plan.h"
#include "zeropoint/quantizer/placement.h"
#include "zeropoint/quantizer/range_method.h"
#include "zeropoint/targets/target.h"

namespace zp {

// The value below which every reader of the tensor gives 0 or as good as 0: -3 before HardSwish and
// HardSigmoid, -8 before SiLU and GELU. Nothing where some reader tells such values apart.
std::optional<double> flat_below(const onnx::GraphProto& graph, const GraphIndex& index,
                                 const std::string& tensor);

using Observers = std::map<std::string, Observer>;

struct ActivationOptions {
  const Target* target = nullptr;
  IntType type = IntType::kUint8;
  RangeMethod ranges;
  std::vector<RangeOverride> overrides;  // the first that matches a tensor holds
  std::map<std::string, Range> known;    // of tensors whose range was chosen before
};

// What the constants of a placement hold, by name: their values observed as those of tensors are.
Result<Observers> observe_constants(const Model& model, const GraphPlacement& placement);

// What was seen of the tensors of a model and what its constants hold.
struct Observed {
  const Observers& tensors;
  const Observers& constants;

  const Observer* find(const std::string& value) const;
};

// The values of the placement that no parameters can stand for, and why: nothing finite was seen of
// them, or infinities were that are no mask (mask_values.h); those that weights multiply keep their
// finite ones.
WithoutParameters values_without_parameters(const Model& model, const GraphPlacement& placement,
                                            const Observed& observed,
                                            const ActivationOptions& options);

struct ChosenParameters {
  std::vector<ActivationPlan> activations;  // one for each tensor of the placement
  std::vector<WeightPlan> constants;        // one for each constant of the placement
};

// In the order of the placement. Tensors of one group share the smallest range that holds each
// one's own. What is known of a tensor's readers narrows a range where that loses nothing worth a
// code: values below -3 before HardSwish or HardSigmoid, below -8 before SiLU or GELU, and masks
// before Softmax (mask_values.h). In place of minmax, a tensor that SiLU, HardSwish or GELU reads
// or makes gets percentile:99.99; a constant has all its values. Outputs that the target fixes have
// those parameters.
//
// Errors name the tensor: not among the observers, or nothing finite was seen of it.
Result<ChosenParameters> choose_activations(const Model& model, const GraphPlacement& placement,
                                            const Observed& observed,
                                            const ActivationOptions& options);

}  // namespace zp
