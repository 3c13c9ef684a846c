#include "zeropoint/targets/target.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

// What docs/targets.md says, rule by rule; TensorRT, QNN and TFLite cannot be run in the tests.
namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Target& target(std::string_view name) {
  const auto found = find_target(name);
  EXPECT_TRUE(found) << name;
  return **found;
}

OpRole role(const Target& target, const std::string& op) {
  const auto found = target.ops.find(op);
  EXPECT_NE(found, target.ops.end()) << target.name << " has no rule for " << op;
  return found == target.ops.end() ? OpRole::kWeighted : found->second;
}

TEST(Targets, AreFoundByName) {
  std::vector<std::string_view> names;
  for (const Target& one : targets()) {
    names.push_back(one.name);
    EXPECT_EQ(&target(one.name), &one);
  }
  EXPECT_THAT(names, ElementsAre("onnxruntime", "openvino", "tensorrt", "qnn", "tflite"));
}

TEST(Targets, AnUnknownNameIsAnErrorThatListsThem) {
  const auto found = find_target("onnx-runtime");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("target \"onnx-runtime\": expected one of "
                                               "onnxruntime, openvino, tensorrt, qnn, tflite"));
}

TEST(Targets, OnlyThoseWhoseRuntimeIsInstalledAreRunInTests) {
  std::vector<std::string_view> run;
  for (const Target& one : targets()) {
    if (one.is_run_in_tests) run.push_back(one.name);
  }
  EXPECT_THAT(run, ElementsAre("onnxruntime", "openvino"));
}

TEST(Targets, AllHaveTypesToQuantizeWithAndTheOrdinaryOperators) {
  for (const Target& one : targets()) {
    SCOPED_TRACE(one.name);
    ASSERT_FALSE(one.activation_types.empty());
    ASSERT_FALSE(one.weight_types.empty());
    EXPECT_EQ(one.weight_types.front(), IntType::kInt8);
    // Symmetric weights of -127 to 127.
    EXPECT_EQ(one.weight_narrow, NarrowRange::kYes);
    for (const char* op : {"Conv", "Gemm", "MatMul"}) {
      EXPECT_EQ(role(one, op), OpRole::kWeighted) << op;
    }
    for (const char* op : {"MaxPool", "Reshape", "Flatten", "Transpose", "Resize"}) {
      EXPECT_EQ(role(one, op), OpRole::kKeepsValues) << op;
    }
    EXPECT_EQ(role(one, "Concat"), OpRole::kConcat);
    EXPECT_EQ(role(one, "Add"), OpRole::kElementwise);
    EXPECT_EQ(role(one, "GlobalAveragePool"), OpRole::kPool);
  }
}

TEST(Targets, OfX86TakeUnsignedActivationsAndHoldPairsOfWeights) {
  for (const char* name : {"onnxruntime", "openvino"}) {
    SCOPED_TRACE(name);
    const Target& x86 = target(name);
    EXPECT_EQ(x86.activation_types.front(), IntType::kUint8);
    EXPECT_EQ(x86.activation_scheme, Scheme::kAffine);
    EXPECT_TRUE(x86.pairs_saturate);
    EXPECT_EQ(x86.bias, BiasForm::kInt32);
    EXPECT_EQ(x86.conv_output, OutputPlacement::kQuantized);
    // MatMulIntegerToFloat.
    EXPECT_EQ(x86.matmul_output, OutputPlacement::kFloat);
    EXPECT_EQ(x86.add_inputs, AddInputs::kAll);
    EXPECT_FALSE(x86.weight_q_dq);
    // OpenVINO's averages of codes are wrong otherwise, and it reads the same files.
    EXPECT_TRUE(x86.average_needs_zero_point_0);
    EXPECT_TRUE(x86.fixed_outputs.empty());
  }
  EXPECT_FALSE(target("onnxruntime").ops.contains("ConvTranspose"));
  EXPECT_EQ(role(target("openvino"), "ConvTranspose"), OpRole::kWeighted);
}

TEST(Targets, TensorRtHasNoZeroPointAndQuantizesInputsOnly) {
  const Target& tensorrt = target("tensorrt");
  EXPECT_THAT(tensorrt.activation_types, ElementsAre(IntType::kInt8));
  EXPECT_EQ(tensorrt.activation_scheme, Scheme::kSymmetric);
  EXPECT_EQ(tensorrt.convention, Convention::kTensorrt);
  EXPECT_EQ(tensorrt.bias, BiasForm::kFloat);
  EXPECT_TRUE(tensorrt.weight_q_dq);
  EXPECT_EQ(tensorrt.add_inputs, AddInputs::kOneBranch);
  EXPECT_EQ(tensorrt.conv_output, OutputPlacement::kFloat);
  EXPECT_EQ(tensorrt.matmul_output, OutputPlacement::kFloat);
  EXPECT_EQ(tensorrt.least_conv_channels, 16);
  EXPECT_FALSE(tensorrt.pairs_saturate);
}

TEST(Targets, QnnComputesInIntegersFromEndToEnd) {
  const Target& qnn = target("qnn");
  EXPECT_TRUE(qnn.integer_only);
  EXPECT_THAT(qnn.activation_types, ElementsAre(IntType::kUint8, IntType::kUint16));
  EXPECT_FALSE(qnn.per_channel_matmul);
  EXPECT_DOUBLE_EQ(qnn.least_width, 1e-4);
  EXPECT_EQ(qnn.matmul_output, OutputPlacement::kQuantized);
  EXPECT_EQ(role(qnn, "Softmax"), OpRole::kFixedRange);
  EXPECT_EQ(qnn.fixed_outputs.find("Tanh")->second.range, (Range{-1, 1}));
}

// "TensorFlow Lite 8-bit quantization specification": Logistic and Softmax 1/256 and -128, Tanh
// 1/128 and 0.
TEST(Targets, TfliteFixesTheOutputsThatItsSpecificationFixes) {
  const Target& tflite = target("tflite");
  EXPECT_THAT(tflite.activation_types, ElementsAre(IntType::kInt8));
  EXPECT_EQ(tflite.convention, Convention::kTflite);
  for (const char* op : {"Sigmoid", "Softmax"}) {
    const FixedOutput& fixed = tflite.fixed_outputs.find(op)->second;
    EXPECT_EQ(fixed.scale, 1.0F / 256) << op;
    EXPECT_EQ(fixed.zero_point, -128) << op;
  }
  EXPECT_EQ(tflite.fixed_outputs.find("Tanh")->second.scale, 1.0F / 128);
  EXPECT_EQ(tflite.fixed_outputs.find("Tanh")->second.zero_point, 0);
}

TEST(Targets, AFixedOutputBelongsToAnOperatorWithThatRole) {
  for (const Target& one : targets()) {
    for (const auto& [op, fixed] : one.fixed_outputs) {
      EXPECT_EQ(role(one, op), OpRole::kFixedRange) << one.name;
      if (fixed.scale == 0) continue;
      // The codes of the first type reach the ends of the range to one step.
      const CodeRange codes = one.activation_types.front().codes();
      EXPECT_NEAR(fixed.scale * static_cast<float>(codes.qmin - fixed.zero_point), fixed.range.min,
                  fixed.scale);
      EXPECT_NEAR(fixed.scale * static_cast<float>(codes.qmax - fixed.zero_point), fixed.range.max,
                  fixed.scale);
    }
  }
}

}  // namespace
}  // namespace zp
