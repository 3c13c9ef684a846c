#include "zeropoint/targets/target.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace zp {
namespace {

using Ops = std::map<std::string, OpRole, std::less<>>;

// What every target has.
Ops common_ops() {
  return {{"Conv", OpRole::kWeighted},
          {"Gemm", OpRole::kWeighted},
          {"MatMul", OpRole::kWeighted},
          {"MaxPool", OpRole::kKeepsValues},
          {"Reshape", OpRole::kKeepsValues},
          {"Flatten", OpRole::kKeepsValues},
          {"Transpose", OpRole::kKeepsValues},
          {"Squeeze", OpRole::kKeepsValues},
          {"Unsqueeze", OpRole::kKeepsValues},
          {"Slice", OpRole::kKeepsValues},
          {"Split", OpRole::kKeepsValues},
          {"DepthToSpace", OpRole::kKeepsValues},
          {"SpaceToDepth", OpRole::kKeepsValues},
          {"Gather", OpRole::kKeepsValues},
          {"Resize", OpRole::kKeepsValues},
          {"Concat", OpRole::kConcat},
          {"Add", OpRole::kElementwise},
          {"AveragePool", OpRole::kPool},
          {"GlobalAveragePool", OpRole::kPool}};
}

Ops with(Ops ops, const Ops& more) {
  ops.insert(more.begin(), more.end());
  return ops;
}

Target onnxruntime() {
  Target target;
  target.name = "onnxruntime";
  target.runtime = Runtime::kOnnxRuntime;
  target.is_run_in_tests = true;
  target.activation_types = {IntType::kUint8, IntType::kInt8, IntType::kUint16, IntType::kInt16};
  target.weight_types = {IntType::kInt8, IntType::kUint8, IntType::kInt4};
  target.pairs_saturate = true;
  // OpenVINO, which reads the same files, computes wrong averages of values with a zero point.
  target.average_needs_zero_point_0 = true;
  target.products = RuleUse::kOnRequest;
  target.has_quick_gelu = true;
  target.ops = common_ops();
  target.stay_in_float = {{"ConvTranspose", "ONNX Runtime computes ConvTranspose in float only"}};
  return target;
}

Target openvino() {
  Target target = onnxruntime();
  target.name = "openvino";
  target.runtime = Runtime::kOpenVino;
  target.stay_in_float.clear();
  target.product_needs_middle_zero_point = true;
  target.looks_up_scales = true;
  target.has_quick_gelu = false;
  target.ops = with(common_ops(), {{"ConvTranspose", OpRole::kWeighted}});
  return target;
}

Target tensorrt() {
  Target target;
  target.name = "tensorrt";
  target.convention = Convention::kTensorrt;
  target.activation_types = {IntType::kInt8};
  target.weight_types = {IntType::kInt8};
  target.activation_scheme = Scheme::kSymmetric;
  target.bias = BiasForm::kFloat;
  target.add_inputs = AddInputs::kOneBranch;
  target.conv_output = OutputPlacement::kFloat;
  target.weight_q_dq = true;
  target.least_conv_channels = 16;
  target.tables = RuleUse::kNever;
  target.ops = with(common_ops(), {{"ConvTranspose", OpRole::kWeighted}});
  return target;
}

// Integers from end to end: every output has parameters.
Target qnn() {
  Target target;
  target.name = "qnn";
  target.integer_only = true;
  target.activation_types = {IntType::kUint8, IntType::kUint16};
  target.weight_types = {IntType::kInt8, IntType::kUint8};
  target.per_channel_matmul = false;
  target.least_width = 1e-4;
  target.matmul_output = OutputPlacement::kQuantized;
  target.ops = with(common_ops(), {{"ConvTranspose", OpRole::kWeighted},
                                   {"Relu", OpRole::kClamp},
                                   {"Clip", OpRole::kClamp},
                                   {"Mul", OpRole::kElementwise},
                                   {"Sub", OpRole::kElementwise},
                                   {"LeakyRelu", OpRole::kElementwise},
                                   {"PRelu", OpRole::kElementwise},
                                   {"HardSwish", OpRole::kElementwise},
                                   {"Gelu", OpRole::kElementwise},
                                   {"Sigmoid", OpRole::kFixedRange},
                                   {"Softmax", OpRole::kFixedRange},
                                   {"Tanh", OpRole::kFixedRange}});
  target.fixed_outputs = {{"Sigmoid", {{0, 1}}}, {"Softmax", {{0, 1}}}, {"Tanh", {{-1, 1}}}};
  return target;
}

Target tflite() {
  Target target = qnn();
  target.name = "tflite";
  target.convention = Convention::kTflite;
  target.activation_types = {IntType::kInt8};
  target.weight_types = {IntType::kInt8};
  target.per_channel_matmul = true;
  target.least_width = 0;
  // Scales and zero points of the reference kernels' quantization specification.
  target.fixed_outputs = {{"Sigmoid", {{0, 1}, 1.0F / 256, -128}},
                          {"Softmax", {{0, 1}, 1.0F / 256, -128}},
                          {"Tanh", {{-1, 1}, 1.0F / 128, 0}}};
  return target;
}

}  // namespace

std::span<const Target> targets() {
  static const std::vector<Target> all{onnxruntime(), openvino(), tensorrt(), qnn(), tflite()};
  return all;
}

Result<const Target*> find_target(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Target& target : targets()) {
    if (target.name == name) return &target;
    names.push_back(target.name);
  }
  return invalid_argument(
      fmt::format("target \"{}\": expected one of {}", name, fmt::join(names, ", ")));
}

}  // namespace zp
