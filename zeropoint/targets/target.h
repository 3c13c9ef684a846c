// What a runtime wants of a quantized model, as data. docs/targets.md has the sources.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/numerics/convention.h"
#include "zeropoint/numerics/int_type.h"
#include "zeropoint/numerics/range.h"
#include "zeropoint/targets/fusion.h"

namespace zp {

// How an operator takes part in quantization.
enum class OpRole {
  kWeighted,     // Conv, Gemm, MatMul: data against weights; quantized wherever it can be
  kKeepsValues,  // Reshape, MaxPool: the output's values are the input's, and so are its parameters
  kConcat,       // as kKeepsValues, with every input under one scale
  kElementwise,  // Add, Mul, LeakyRelu: integer arithmetic with its own output parameters
  kPool,         // averages: as kElementwise, where the zero point allows it
  kFixedRange,   // Sigmoid, Softmax, Tanh: as kElementwise, with an output range that is known
  kClamp,        // Relu, Clip that no node before takes up: as kElementwise
  kProduct,      // MatMul of two activations
};

// Whether a rule holds by itself.
enum class RuleUse {
  kNever,
  kOnRequest,  // for nodes that the user names
  kAlways,
};

enum class BiasForm { kInt32, kFloat };

enum class AddInputs {
  kAll,        // both inputs of an Add come through Q/DQ
  kOneBranch,  // one branch of a residual Add only, the one that does not come from a Conv
};

enum class OutputPlacement {
  kQuantized,  // a weighted node's output gets Q/DQ, so that the node fuses
  kFloat,      // Q/DQ stand on inputs only
};

// Parameters that the target fixes for an operator's output, whatever the data say.
struct FixedOutput {
  Range range;
  // Where set: this scale and zero point for 8 bits, instead of what the range gives.
  float scale = 0;
  int32_t zero_point = 0;
};

struct Target {
  std::string_view name;
  Convention convention = Convention::kOnnx;
  bool is_run_in_tests = false;    // whether the rules are checked by the runtime itself
  std::optional<Runtime> runtime;  // that can be predicted
  bool integer_only = false;  // every operator with a rule is quantized, not only what lies between
                              // weighted ones
  std::vector<IntType> activation_types;  // the first is the default
  std::vector<IntType> weight_types;
  Scheme activation_scheme = Scheme::kAffine;
  NarrowRange weight_narrow = NarrowRange::kYes;
  bool per_channel_matmul = true;
  double least_width = 0;  // of an activation's real range
  BiasForm bias = BiasForm::kInt32;
  AddInputs add_inputs = AddInputs::kAll;
  OutputPlacement conv_output = OutputPlacement::kQuantized;
  OutputPlacement matmul_output = OutputPlacement::kFloat;
  bool weight_q_dq = false;     // weights as float -> Q -> DQ
  bool pairs_saturate = false;  // u8 x s8 without VNNI saturates (plan/pairs.h)
  bool average_needs_zero_point_0 = false;
  int64_t least_conv_channels = 1;      // a Conv with fewer input or output channels stays in float
  RuleUse products = RuleUse::kAlways;  // MatMul of two activations
  // Their second factor gets the middle zero point, without which they are computed in float.
  bool product_needs_middle_zero_point = false;
  // Embeddings and masks: nodes of kKeepsValues that read from a constant.
  RuleUse tables = RuleUse::kAlways;
  // Of an embedding, rows are looked up as codes with a scale each, which goes with them.
  bool looks_up_scales = false;
  bool has_quick_gelu = false;  // computes x * sigmoid(x) of codes faster as one node
  std::map<std::string, OpRole, std::less<>> ops;
  std::map<std::string, FixedOutput, std::less<>> fixed_outputs;
  // Why operators without a rule have none, where there is more to say than that.
  std::map<std::string, std::string, std::less<>> stay_in_float;
};

// onnxruntime, openvino, tensorrt, qnn, tflite.
std::span<const Target> targets();
// An error that lists the names.
Result<const Target*> find_target(std::string_view name);

}  // namespace zp
