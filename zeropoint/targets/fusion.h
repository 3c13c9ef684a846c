// Which nodes of a quantized model a runtime executes in integers, predicted from the model alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/graph/model.h"

namespace zp {

// The runtimes whose behaviour was measured (docs/targets.md, "What fuses").
enum class Runtime { kOnnxRuntime, kOpenVino };

// "onnxruntime", "openvino".
std::string_view name(Runtime runtime);
// An error that lists the names.
Result<Runtime> parse_runtime(std::string_view text);

enum class Execution {
  kInt8,         // computes on codes of 8 bits
  kWeightOnly,   // float arithmetic, on weights that are kept as integers
  kAbsorbed,     // no step of its own: in a quantizer, or part of a node that computes on codes
  kElementwise,  // float arithmetic fused with its neighbours, which may read and write codes
  kConstant,     // computed once, when the model is loaded
  kFloat,
  kRefused,  // the runtime does not load the model, or fails when it runs
};

// "int8", "weight-only", "absorbed", "elementwise", "constant", "float", "refused".
std::string_view name(Execution execution);

struct FusionPrediction {
  int node = 0;  // its number in the main graph
  Execution execution = Execution::kFloat;
  std::string as;      // the operator that is executed instead: "QLinearConv"; empty where none
  std::string reason;  // why not in integers, in a few words; empty where it is
};

// One entry for each node of the main graph that handles floats or codes, in the graph's order;
// QuantizeLinear, DequantizeLinear, constants and arithmetic on shapes and indices have none.
// The prediction is for the x86 CPU backend with default options. Errors name what cannot be read:
// the scale or zero point of a quantizer, whatever shape inference refuses.
Result<std::vector<FusionPrediction>> predict_fusion(const Model& qdq_model, Runtime runtime);

}  // namespace zp
