#include "zeropoint/quantizer/placement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <algorithm>

#include "tests/support/onnx_graphs.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string ones(int count) {
  return fmt::format("{{{}}}", fmt::join(std::vector<int>(static_cast<size_t>(count), 1), ", "));
}

// A model, with weights w (16 to 16 channels, 1 x 1) and m (16 x 16), and its placement.
class Placed {
 public:
  Placed(std::string_view target, const std::string& nodes, const std::string& inputs = "",
         const std::string& constants = "", const std::string& outputs = "float[1,16,4,4] y")
      : model_(model_of(fmt::format("g (float[1,16,4,4] x{}) => ({}) <float[16,16,1,1] w = {}, "
                                    "float[16,16] m = {}{}> {{ {} }}",
                                    inputs, outputs, ones(256), ones(256), constants, nodes))),
        values_(infer_values(model_).value()),
        target_(*find_target(target).value()) {
    place_again();
  }

  Placed& choose(const std::string& node, Choice choice) {
    choices_.resize(static_cast<size_t>(model_.graph().node_size()), Choice::kByRule);
    choices_[static_cast<size_t>(number(node))] = choice;
    place_again();
    return *this;
  }
  Placed& without(const std::string& value, const std::string& reason) {
    without_.emplace(value, reason);
    place_again();
    return *this;
  }

  std::vector<std::string> nodes() const {
    std::vector<std::string> names;
    for (int i = 0; i < model_.graph().node_size(); ++i) {
      if (placement_.nodes[static_cast<size_t>(i)].quantized)
        names.push_back(model_.graph().node(i).name());
    }
    return names;
  }
  // With an exclamation mark where every reader reads the codes.
  std::vector<std::string> tensors() const {
    std::vector<std::string> names;
    for (const auto& tensor : placement_.tensors) {
      names.push_back(tensor.tensor + (tensor.readers == Readers::kAll ? "!" : ""));
    }
    return names;
  }
  std::string reason(const std::string& node) const {
    return placement_.nodes[static_cast<size_t>(number(node))].reason;
  }
  int group(const std::string& tensor) const {
    const auto found = std::ranges::find(placement_.tensors, tensor, &PlacedTensor::tensor);
    EXPECT_NE(found, placement_.tensors.end()) << tensor;
    return found == placement_.tensors.end() ? -1 : found->group;
  }
  const std::vector<PlacedConstant>& constants() const { return placement_.constants; }
  const Model& model() const { return model_; }
  const ValueInfos& values() const { return values_; }

 private:
  int number(const std::string& node) const {
    for (int i = 0; i < model_.graph().node_size(); ++i) {
      if (model_.graph().node(i).name() == node) return i;
    }
    ADD_FAILURE() << node;
    return 0;
  }
  void place_again() {
    placement_ = place(model_, values_, target_, choices_, Outputs::kByRule, without_);
  }

  Model model_;
  ValueInfos values_;
  const Target& target_;
  std::vector<Choice> choices_;
  WithoutParameters without_;
  GraphPlacement placement_;
};

TEST(Placement, AnActivationIsPartOfItsConvolution) {
  const Placed placed("onnxruntime", "[a] c = Conv(x, w) [r] d = Relu(c) [b] y = Conv(d, w)");
  EXPECT_THAT(placed.nodes(), ElementsAre("a", "r", "b"));
  EXPECT_THAT(placed.tensors(), ElementsAre("x", "d!", "y!"));
  EXPECT_EQ(placed.reason("r"), "computed as part of \"a\"");
}

TEST(Placement, AReluWhoseInputOthersReadIsNoPartOfTheConvolution) {
  const Placed placed("onnxruntime",
                      "[a] c = Conv(x, w) [r] d = Relu(c) [b] e = Conv(c, w) [s] y = Add(d, e)");
  EXPECT_THAT(placed.nodes(), ElementsAre("a", "b"));
  EXPECT_THAT(placed.tensors(), ElementsAre("x", "c!", "e!"));
}

TEST(Placement, AClipWhoseLimitsAreComputedIsNotFused) {
  const std::string graph = "[a] c = Conv(x, w) [k] d = Clip(c, low, six) [b] y = Conv(d, w)";
  const Placed constant("onnxruntime", graph, "", ", float low = {0}, float six = {6}");
  EXPECT_EQ(constant.reason("k"), "computed as part of \"a\"");
  const Placed computed("onnxruntime", graph, ", float low", ", float six = {6}");
  EXPECT_EQ(computed.reason("k"), "no rule for Clip under target onnxruntime");
  EXPECT_THAT(computed.tensors(), ElementsAre("x", "c!", "d!", "y!"));
}

TEST(Placement, OneBranchMayLeaveInFloat) {
  const Placed placed("onnxruntime", "[a] c = Conv(x, w) [s] z = Sigmoid(c) [b] y = Conv(c, w)", "",
                      "", "float[1,16,4,4] y, float[1,16,4,4] z");
  EXPECT_THAT(placed.nodes(), ElementsAre("a", "b"));
  // The Sigmoid reads what the codes say, so that the convolution writes codes alone.
  EXPECT_THAT(placed.tensors(), ElementsAre("x", "c!", "y!"));
}

TEST(Placement, AMatMulKeepsItsFloatOutputAndItsFloatReaders) {
  const Placed placed("onnxruntime",
                      "[s] t = Sigmoid(u) [a] p = MatMul(t, m) [n] q = Neg(t) [b] y = Add(p, q)",
                      ", float[4,16] u", "", "float[4,16] y");
  EXPECT_THAT(placed.nodes(), ElementsAre("a"));
  EXPECT_THAT(placed.tensors(), ElementsAre("t"));
}

TEST(Placement, AValueReadByQuantizedNodesAloneIsCodesForAll) {
  const Placed placed("onnxruntime", "[s] t = Sigmoid(u) [a] y = MatMul(t, m)", ", float[4,16] u",
                      "", "float[4,16] y");
  EXPECT_THAT(placed.tensors(), ElementsAre("t!"));
}

TEST(Placement, ATailThatReachesNoWeightsStaysInFloat) {
  const Placed tail("onnxruntime", "[a] c = Conv(x, w) [p] y = MaxPool<kernel_shape=[1,1]>(c)");
  EXPECT_THAT(tail.nodes(), ElementsAre("a"));
  EXPECT_EQ(tail.reason("p"), "not between integer nodes");
  const Placed between("onnxruntime",
                       "[a] c = Conv(x, w) [p] d = MaxPool<kernel_shape=[1,1]>(c) "
                       "[b] y = Conv(d, w)");
  EXPECT_THAT(between.nodes(), ElementsAre("a", "p", "b"));
  EXPECT_EQ(between.group("c"), between.group("d"));
  EXPECT_NE(between.group("c"), between.group("x"));
}

TEST(Placement, ConcatBringsWhatItJoinsUnderOneScale) {
  const Placed placed("onnxruntime",
                      "[a] c = Conv(x, w) [b] d = Conv(x, w) [j] e = Concat<axis=2>(c, d) "
                      "[l] y = Conv(e, w)",
                      "", "", "float[1,16,8,4] y");
  EXPECT_THAT(placed.nodes(), ElementsAre("a", "b", "j", "l"));
  EXPECT_EQ(placed.group("c"), placed.group("d"));
  EXPECT_EQ(placed.group("c"), placed.group("e"));
  EXPECT_NE(placed.group("x"), placed.group("c"));
}

TEST(Placement, AResidualAddHasAScaleOfItsOwn) {
  const Placed placed("onnxruntime",
                      "[a] c = Conv(x, w) [s] d = Add(x, c) [r] e = Relu(d) [b] y = Conv(e, w)");
  EXPECT_THAT(placed.nodes(), ElementsAre("a", "s", "r", "b"));
  EXPECT_THAT(placed.tensors(), ElementsAre("x", "c!", "e!", "y!"));
  EXPECT_NE(placed.group("c"), placed.group("e"));
}

TEST(Placement, AnExcludedConvolutionTakesItsActivationAlong) {
  Placed placed("onnxruntime", "[a] c = Conv(x, w) [r] d = Relu(c) [b] y = Conv(d, w)");
  placed.choose("a", Choice::kFloat);
  EXPECT_THAT(placed.nodes(), ElementsAre("b"));
  EXPECT_EQ(placed.reason("a"), "excluded by name");
  EXPECT_THAT(placed.tensors(), ElementsAre("d!", "y!"));
}

TEST(Placement, AnExcludedNodeBetweenLeavesItsNeighboursInIntegers) {
  Placed placed("onnxruntime",
                "[a] c = Conv(x, w) [p] d = MaxPool<kernel_shape=[1,1]>(c) [b] y = Conv(d, w)");
  placed.choose("p", Choice::kFloat);
  EXPECT_THAT(placed.nodes(), ElementsAre("a", "b"));
  EXPECT_NE(placed.group("c"), placed.group("d"));
}

TEST(Placement, ForTensorRtOneBranchOfAnAddIsQuantizedAndNoOutput) {
  const Placed placed("tensorrt",
                      "[a] c = Conv(x, w) [r] d = Relu(c) [b] e = Conv(d, w) [s] y = Add(e, d)");
  EXPECT_THAT(placed.nodes(), ElementsAre("a", "r", "b", "s"));
  // Of the Add, the branch that others read as well: it is computed with convolution b.
  EXPECT_THAT(placed.tensors(), ElementsAre("x", "d"));
  EXPECT_THAT(placed.reason("s"), HasSubstr("the other branch is quantized"));
}

TEST(Placement, ForTensorRtNarrowConvolutionsStayInFloat) {
  const Placed placed("tensorrt", "[a] y = Conv(n, k)", ", float[1,3,4,4] n",
                      ", float[16,3,1,1] k = " + ones(48));
  EXPECT_THAT(placed.nodes(), IsEmpty());
  EXPECT_EQ(placed.reason("a"), "3 to 16 channels: target tensorrt is faster in float below 16");
}

TEST(Placement, OnnxRuntimeHasNoIntegerConvTranspose) {
  const Placed placed("onnxruntime", "[a] y = ConvTranspose(x, w)");
  EXPECT_EQ(placed.reason("a"), "ONNX Runtime computes ConvTranspose in float only");
  EXPECT_THAT(Placed("openvino", "[a] y = ConvTranspose(x, w)").nodes(), ElementsAre("a"));
}

TEST(Placement, WhatLeadsToMostOfTheNetworkThroughALogStaysInFloat) {
  const Placed placed("onnxruntime",
                      "[f] s = MatMul(u, m) [l] g = Log(s) [a] h = MatMul(g, m) "
                      "[b] y = MatMul(h, m)",
                      ", float[4,16] u", "", "float[4,16] y");
  EXPECT_THAT(placed.nodes(), ElementsAre("a", "b"));
  EXPECT_THAT(placed.reason("f"), HasSubstr("spectrum"));
}

constexpr const char* kProduct = "[s] p = Softmax(u) [a] q = MatMul(p, v) [b] y = MatMul(q, m)";

TEST(Placement, ProductsOfActivationsAreQuantizedOnRequest) {
  for (const char* target : {"onnxruntime", "openvino"}) {
    Placed placed(target, kProduct, ", float[4,8] u, float[8,16] v", "", "float[4,16] y");
    EXPECT_THAT(placed.nodes(), ElementsAre("b")) << target;
    EXPECT_THAT(placed.reason("a"), HasSubstr("unless asked for (--include)"));
    placed.choose("a", Choice::kInteger);
    EXPECT_THAT(placed.nodes(), ElementsAre("a", "b")) << target;
    EXPECT_THAT(placed.tensors(), ElementsAre("v", "p!", "q!")) << target;
  }
}

TEST(Placement, ProductsOfActivationsAreQuantizedForTheOtherTargets) {
  const std::string inputs = ", float[4,8] u, float[8,16] v";
  const Placed trt("tensorrt", kProduct, inputs, "", "float[4,16] y");
  EXPECT_THAT(trt.nodes(), ElementsAre("a", "b"));
  EXPECT_THAT(trt.tensors(), ElementsAre("v", "p!", "q!"));
  for (const char* target : {"qnn", "tflite"}) {
    const Placed placed(target, kProduct, inputs, "", "float[4,16] y");
    EXPECT_THAT(placed.nodes(), ElementsAre("s", "a", "b")) << target;
    EXPECT_THAT(placed.tensors(), ElementsAre("u", "v", "p!", "q!", "y!")) << target;
  }
}

TEST(Placement, AConstantFirstFactorIsQuantizedToo) {
  Placed placed("onnxruntime", "[a] y = MatMul(m, u)", ", float[16,4] u", "", "float[16,4] y");
  placed.choose("a", Choice::kInteger);
  EXPECT_THAT(placed.nodes(), ElementsAre("a"));
  ASSERT_EQ(placed.constants().size(), 1U);
  EXPECT_EQ(placed.constants()[0].input, 0);
  EXPECT_FALSE(placed.constants()[0].group);
}

TEST(Placement, LargeTablesAreKeptAsCodes) {
  const std::string graph = "[e] t = Gather(table, ids) [n] y = Neg(t)";
  const std::string large = ", float[256,16] table = " + ones(4096);
  for (const char* target : {"onnxruntime", "qnn", "tflite"}) {
    const Placed placed(target, graph, ", int64[4] ids", large, "float[4,16] y");
    EXPECT_THAT(placed.nodes(), ElementsAre("e")) << target;
    EXPECT_THAT(placed.tensors(), ElementsAre("t!")) << target;
    ASSERT_EQ(placed.constants().size(), 1U);
    EXPECT_EQ(placed.constants()[0].tensor, "table");
    EXPECT_EQ(placed.constants()[0].group, placed.group("t"));
  }
  const Placed rows("openvino", graph, ", int64[4] ids", large, "float[4,16] y");
  EXPECT_THAT(rows.nodes(), ElementsAre("e"));
  EXPECT_THAT(rows.tensors(), IsEmpty()) << "each row comes with its scale";
  ASSERT_EQ(rows.constants().size(), 1U);
  EXPECT_TRUE(rows.constants()[0].has_row_scales);
  EXPECT_FALSE(rows.constants()[0].group);
  const Placed read("openvino", "[e] t = Gather(table, ids) [a] y = MatMul(t, m)", ", int64[4] ids",
                    large, "float[4,16] y");
  EXPECT_THAT(read.tensors(), ElementsAre("t!"));
  ASSERT_EQ(read.constants().size(), 1U);
  EXPECT_FALSE(read.constants()[0].has_row_scales) << "what integers read is rounded once";
  const Placed trt("tensorrt", graph, ", int64[4] ids", large, "float[4,16] y");
  EXPECT_EQ(trt.reason("e"), "its data are constant");
}

TEST(Placement, SmallTablesAreKeptAsCodesOnlyWhereAllIsIntegers) {
  const std::string graph = "[e] y = Gather(m, ids)";
  const Placed placed("onnxruntime", graph, ", int64[4] ids", "", "float[4,16] y");
  EXPECT_EQ(placed.reason("e"), "a constant of 256 elements is too small to be worth it");
  EXPECT_THAT(Placed("qnn", graph, ", int64[4] ids", "", "float[4,16] y").nodes(),
              ElementsAre("e"));
}

TEST(Placement, ConstantsBesideActivationsAreQuantizedWhereAllIsIntegers) {
  const std::string graph =
      "[s] a = Mul(x, half) [j] b = Concat<axis=1>(a, w4) [p] c = PRelu(b, half) "
      "[k] y = Slice(c, zero, sixteen, one)";
  const std::string constants =
      ", float half = {0.5}, float[1,16,4,4] w4 = " + ones(256) +
      ", int64[1] zero = {0}, int64[1] sixteen = {16}, int64[1] one = {1}";
  for (const char* target : {"qnn", "tflite"}) {
    const Placed placed(target, graph, "", constants);
    EXPECT_THAT(placed.nodes(), ElementsAre("s", "j", "p", "k")) << target;
    ASSERT_EQ(placed.constants().size(), 3U);
    EXPECT_FALSE(placed.constants()[0].group);
    // What Concat joins has one scale.
    EXPECT_EQ(placed.constants()[1].tensor, "w4");
    EXPECT_EQ(placed.constants()[1].group, placed.group("b"));
    EXPECT_FALSE(placed.constants()[2].group);
  }
  const Placed ort("onnxruntime", "[a] c = Conv(x, w) [s] d = Add(c, half) [b] y = Conv(d, w)", "",
                   ", float half = {0.5}");
  EXPECT_THAT(ort.nodes(), ElementsAre("a", "b"));
  EXPECT_EQ(ort.reason("s"), "one of its inputs is constant");
}

TEST(Placement, AReluThatNoNodeTakesUpIsAStepOfItsOwnWhereAllIsIntegers) {
  const Placed placed("qnn",
                      "[p] a = MaxPool<kernel_shape=[1,1]>(x) [r] b = Relu(a) [k] y = "
                      "Clip(b, low, six)",
                      "", ", float low = {0}, float six = {6}");
  EXPECT_THAT(placed.nodes(), ElementsAre("p", "r", "k"));
  EXPECT_THAT(placed.tensors(), ElementsAre("x", "a!", "b!", "y!"));
  EXPECT_THAT(placed.constants(), IsEmpty());
  EXPECT_NE(placed.group("a"), placed.group("b"));
}

TEST(Placement, WhatCannotHaveParametersStaysInFloat) {
  Placed placed("onnxruntime",
                "[a] c = Conv(x, w) [p] d = MaxPool<kernel_shape=[1,1]>(c) [b] y = Conv(d, w)");
  placed.without("d", "infinities were seen of it");
  EXPECT_THAT(placed.nodes(), ElementsAre("a"));
  EXPECT_EQ(placed.reason("p"), "\"d\": infinities were seen of it");
  EXPECT_EQ(placed.reason("b"), "\"d\": infinities were seen of it");
}

TEST(TensorsToObserve, AreThoseOfAllTargetsByChannelAroundWeights) {
  const Placed placed("onnxruntime", kProduct, ", float[4,8] u, float[8,16] v", "",
                      "float[4,16] y");
  std::vector<std::string> names;
  for (const auto& observed : tensors_to_observe(placed.model(), placed.values(), targets())) {
    names.push_back(observed.name + (observed.channel_axis ? " by channel" : ""));
  }
  EXPECT_THAT(names, ElementsAre("u", "v", "p", "q by channel", "y by channel"));
}

TEST(TensorsToObserve, HoldWhatIsQuantizedOnRequestAndTheScoresBesideMasks) {
  const std::string inputs = ", float[64,16] u, float[16,64] v, int64[1] n";
  const Placed placed("onnxruntime",
                      "[a] s = MatMul(u, v) [k] r = Slice(mask, zero, n) [d] t = Add(s, r) "
                      "[f] y = Softmax(t)",
                      inputs, ", int64[1] zero = {0}, float[64,64] mask = " + ones(4096),
                      "float[64,64] y");
  const std::span<const Target> target(find_target("onnxruntime").value(), 1);
  std::vector<std::string> names;
  for (const auto& observed : tensors_to_observe(placed.model(), placed.values(), target)) {
    names.push_back(observed.name);
  }
  // Without the range of s nothing tells where the mask may be cut.
  EXPECT_THAT(names, ElementsAre("u", "v", "s", "r", "y"));
}

}  // namespace
}  // namespace zp
