// The parameters of every activation that a placement names.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/observe/observer.h"
#include "zeropoint/plan/plan.h"
#include "zeropoint/quantizer/placement.h"
#include "zeropoint/quantizer/range_method.h"
#include "zeropoint/targets/target.h"

namespace zp {

using Observers = std::map<std::string, Observer>;

struct ActivationOptions {
  const Target* target = nullptr;
  IntType type = IntType::kUint8;
  RangeMethod ranges;
  std::vector<RangeOverride> overrides;  // the first that matches a tensor holds
};

// In the order of the placement. Tensors of one group share the smallest range that holds each
// one's own. What is known of a tensor's readers narrows a range where that loses nothing worth a
// code: values below -3 before HardSwish or HardSigmoid, and below -8 before SiLU or GELU. In
// place of minmax, a tensor that such an operator reads or makes gets percentile:99.99. Outputs
// that the target fixes have those parameters.
//
// Errors name the tensor: not among the observers, or nothing finite was seen of it.
Result<std::vector<ActivationPlan>> choose_activations(const Model& model,
                                                       const GraphPlacement& placement,
                                                       const Observers& observers,
                                                       const ActivationOptions& options);

}  // namespace zp
