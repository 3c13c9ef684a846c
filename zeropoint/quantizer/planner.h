// Decides everything about a quantized model: placement, ranges, weight scales, biases.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/plan/plan.h"
#include "zeropoint/quantizer/activation_params.h"
#include "zeropoint/quantizer/placement.h"
#include "zeropoint/targets/target.h"

namespace zp {

// The processors that the model is to be right on.
enum class Cpu {
  kAny,   // as kAvx2: exact with and without VNNI
  kVnni,  // the weights need not be held back
  kAvx2,
};

struct PlanOptions {
  const Target* target = nullptr;
  Cpu cpu = Cpu::kAny;
  IntType activations = IntType::kUint8;
  IntType weights = IntType::kInt8;
  bool per_channel = true;
  RangeMethod ranges;
  std::vector<RangeOverride> overrides;
  std::vector<Choice> choices;  // one for each node, or empty
  // Of a model that was rewritten: how, and the ranges of rescaled tensors, by the names of the
  // tensors before.
  Rewrites rewrites;
  std::map<std::string, Range> rescaled_ranges;
  bool integer_io = false;  // float outputs get parameters too (integer_io.h)
  // As the user gave them, for the record.
  std::map<std::string, std::string> given;
};

// The operator set that the codes need: 13 for 8 bits, 21 for others.
int64_t needed_opset(const PlanOptions& options);

// An error where the target does not have such activations or weights.
Status check(const PlanOptions& options);

// The plan for a prepared model. The same model, observers and options give the same plan. Errors
// name the node or tensor.
Result<Plan> make_plan(const Model& model, const ValueInfos& values, const Observers& observers,
                       const PlanOptions& options);

}  // namespace zp
