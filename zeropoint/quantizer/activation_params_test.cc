#include "zeropoint/quantizer/activation_params.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <algorithm>
#include <limits>

#include "tests/support/onnx_graphs.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A placed model of which some values were seen.
class Seen {
 public:
  Seen(const char* target, std::string_view graph)
      : model_(model_of(graph)),
        placement_(place(model_, infer_values(model_).value(), **find_target(target), {})) {
    options_.target = *find_target(target);
    options_.type = options_.target->activation_types.front();
    auto constants = observe_constants(model_, placement_);
    EXPECT_TRUE(constants) << constants.error().message;
    constants_ = *std::move(constants);
  }

  Seen& see(const std::string& tensor, const std::vector<float>& values) {
    EXPECT_TRUE(tensors_[tensor].observe(values));
    return *this;
  }
  ActivationOptions& options() { return options_; }

  Result<ChosenParameters> choose() const {
    return choose_activations(model_, placement_, {tensors_, constants_}, options_);
  }
  ActivationPlan plan(const std::string& tensor) const {
    const auto chosen = choose();
    EXPECT_TRUE(chosen) << chosen.error().message;
    if (!chosen) return {};
    const auto found = std::ranges::find(chosen->activations, tensor, &ActivationPlan::tensor);
    EXPECT_NE(found, chosen->activations.end()) << tensor;
    return found == chosen->activations.end() ? ActivationPlan() : *found;
  }
  WeightPlan constant(size_t number) const {
    const auto chosen = choose();
    EXPECT_TRUE(chosen) << chosen.error().message;
    return chosen ? chosen->constants.at(number) : WeightPlan();
  }
  WithoutParameters without() const {
    return values_without_parameters(model_, placement_, {tensors_, constants_}, options_);
  }

 private:
  Model model_;
  GraphPlacement placement_;
  Observers tensors_;
  Observers constants_;
  ActivationOptions options_;
};

constexpr const char* kPool = R"(g (float[1,1,2,2] x) => (float[1,1,2,2] y)
    <float[1,1,1,1] w = {1}> {
      c = Conv(x, w)
      p = MaxPool<kernel_shape = [1, 1]>(c)
      y = Conv(p, w)
    })";

TEST(ActivationParams, CoverTheRangeAndZero) {
  Seen seen("onnxruntime", kPool);
  seen.see("x", {1, 51}).see("c", {-1, 50}).see("p", {-1, 50}).see("y", {-2, 0});
  // 0 to 51 in 255 steps; 0 is a code though the values begin at 1.
  EXPECT_FLOAT_EQ(seen.plan("x").params.scale, 0.2F);
  EXPECT_EQ(seen.plan("x").params.zero_point, 0);
  EXPECT_EQ(seen.plan("x").reason, "minmax");
  EXPECT_EQ(seen.plan("c").params.zero_point, 5);
  EXPECT_EQ(seen.plan("y").params.zero_point, 255);
}

TEST(ActivationParams, OfOneGroupHoldEachRange) {
  Seen seen("onnxruntime", kPool);
  seen.see("x", {0, 1}).see("c", {-1, 50}).see("p", {0, 60}).see("y", {0, 1});
  EXPECT_EQ(seen.plan("c").range, (Range{-1, 60}));
  EXPECT_EQ(seen.plan("p").params, seen.plan("c").params);
  EXPECT_EQ(seen.plan("c").reason, "minmax, widened to the range that it shares");
}

TEST(ActivationParams, ATensorMayHaveAMethodOfItsOwn) {
  Seen seen("onnxruntime", kPool);
  seen.see("x", {0, 1}).see("c", {-1, 50}).see("p", {0, 50}).see("y", {0, 1});
  seen.options().overrides = {{"x*", RangeMethod::parse("-2..3").value()},
                              {"*", RangeMethod::parse("percentile:50").value()}};
  EXPECT_EQ(seen.plan("x").range, (Range{-2, 3}));
  EXPECT_EQ(seen.plan("x").reason, "-2..3");
  EXPECT_THAT(seen.plan("y").reason, HasSubstr("percentile:50"));
}

TEST(ActivationParams, OfWhatWasNotObservedAreAnError) {
  Seen seen("onnxruntime", kPool);
  seen.see("x", {0, 1}).see("c", {-1, 50});
  const auto chosen = seen.choose();
  ASSERT_FALSE(chosen);
  EXPECT_THAT(chosen.error().message, HasSubstr("tensor \"p\": it was not observed"));
}

TEST(ActivationParams, ForTensorRtHaveNoZeroPoint) {
  Seen seen("tensorrt", R"(g (float[4,2] x) => (float[4,2] y) <float[2,2] w = {1, 2, 3, 4}> {
    y = MatMul(x, w)
  })");
  seen.see("x", {-1, 12.7F});
  EXPECT_EQ(seen.plan("x").params.zero_point, 0);
  EXPECT_FLOAT_EQ(seen.plan("x").params.scale, 0.1F);
}

TEST(ActivationParams, ForQnnHaveALeastWidth) {
  Seen seen("qnn", "g (float[4] x) => (float[4] y) { y = Relu(x) }");
  seen.see("x", {0, 1e-6F}).see("y", {0, 0});
  EXPECT_DOUBLE_EQ(seen.plan("x").range.width(), 1e-4);
  EXPECT_DOUBLE_EQ(seen.plan("y").range.width(), 1e-4);
}

// Two convolutions with what stands between in one value and out of another.
std::string gate(const std::string& nodes) {
  return "g (float[1,1,2,2] x) => (float[1,1,2,2] y) <float[1,1,1,1] w = {1}> { c = Conv(x, w) " +
         nodes + " y = Conv(d, w) }";
}

TEST(ActivationParams, LeaveOutWhatReadersMakeZero) {
  Seen silu("onnxruntime", gate("s = Sigmoid(c) d = Mul(c, s)"));
  silu.see("x", {0, 1}).see("c", {-113, 134}).see("d", {-0.28F, 134}).see("y", {0, 1});
  EXPECT_EQ(silu.plan("c").range.min, -8);
  EXPECT_THAT(silu.plan("c").reason, HasSubstr("percentile:99.99, cut at -8"));
  Seen hard("onnxruntime", gate("d = HardSigmoid<alpha = 0.16666667, beta = 0.5>(c)"));
  hard.see("x", {0, 1}).see("c", {-113, 134}).see("d", {0, 1}).see("y", {0, 1});
  EXPECT_EQ(hard.plan("c").range.min, -3);
  Seen both("onnxruntime", gate("s = Sigmoid(c) d = Add(c, s)"));
  both.see("x", {0, 1}).see("c", {-113, 134}).see("d", {-113, 135}).see("y", {0, 1});
  EXPECT_EQ(both.plan("c").range.min, -113);
}

TEST(ActivationParams, HighestCodeStaysWithinAClip) {
  Seen seen("onnxruntime", R"(g (float[1,1,2,2] x) => (float[1,1,2,2] y)
    <float[1,1,1,1] w = {1}, float low = {0}, float high = {1}> {
      c = Conv(x, w)
      d = Clip(c, low, high)
      p = MaxPool<kernel_shape = [1, 1]>(d)
      y = Conv(p, w)
    })");
  seen.see("x", {0, 1}).see("d", {0}).see("p", {0}).see("y", {0, 1});
  for (int i = 1; i < 200; ++i) {
    const float high = 0.37F * static_cast<float>(i);
    seen.see("d", {high}).see("p", {high});
    const auto params = seen.plan("d").params;
    EXPECT_LE(255 * params.scale, high);
    EXPECT_EQ(params, seen.plan("p").params) << "or the MaxPool would not be computed on codes";
  }
}

TEST(ActivationParams, OutputsThatTheTargetFixes) {
  constexpr const char* kGraph = R"(g (float[4] x) => (float[2,2] y, float[4] z) {
    s = Softmax(x) y = Reshape(s, shape) z = Tanh(x)
    shape = Constant<value_ints = [2, 2]>()
  })";
  Seen qnn("qnn", kGraph);
  qnn.see("x", {-1, 1}).see("s", {0.1F, 0.4F}).see("y", {0.1F, 0.4F}).see("z", {-0.7F, 0.7F});
  EXPECT_FLOAT_EQ(qnn.plan("s").params.scale, 1.0F / 255);
  EXPECT_EQ(qnn.plan("z").range, (Range{-1, 1}));
  EXPECT_EQ(qnn.plan("z").reason, "the range of its operator");
  Seen tflite("tflite", kGraph);
  tflite.see("x", {-1, 1}).see("s", {0.1F, 0.4F}).see("y", {0.1F, 0.4F}).see("z", {-0.7F, 0.7F});
  // The reference kernels' specification; what keeps the values has the same.
  for (const char* tensor : {"s", "y"}) {
    EXPECT_EQ(tflite.plan(tensor).params.scale, 1.0F / 256);
    EXPECT_EQ(tflite.plan(tensor).params.zero_point, -128);
  }
  EXPECT_EQ(tflite.plan("z").params.scale, 1.0F / 128);
  EXPECT_EQ(tflite.plan("z").params.zero_point, 0);
}

TEST(ActivationParams, AFixedOutputBesideWiderValuesKeepsItsOwn) {
  Seen seen("tflite",
            R"(g (float[4] x) => (float[8] y) { s = Softmax(x) y = Concat<axis = 0>(s, x) })");
  seen.see("x", {-10, 10}).see("s", {0.1F, 0.4F}).see("y", {-10, 10});
  EXPECT_EQ(seen.plan("s").params.scale, 1.0F / 256);
  EXPECT_FLOAT_EQ(seen.plan("y").params.scale, 20.0F / 255);
  EXPECT_EQ(seen.plan("x").params, seen.plan("y").params);
}

TEST(ActivationParams, OfConstantsHoldAllTheirValues) {
  Seen seen("qnn", R"(g (float[2] x) => (float[4] y)
    <float[2] k = {-1, 50}, float[2] joined = {-30, 1}> {
      a = Mul(x, k)
      y = Concat<axis = 0>(a, joined)
    })");
  seen.see("x", {0, 1}).see("a", {-1, 50}).see("y", {-1, 50});
  const WeightPlan own = seen.constant(0);
  EXPECT_EQ(own.tensor, "k");
  EXPECT_EQ(own.input, 1);
  EXPECT_FALSE(own.axis);
  EXPECT_EQ(own.type, IntType::kUint8);
  EXPECT_THAT(own.scales, ElementsAre(0.2F));
  EXPECT_THAT(own.zero_points, ElementsAre(5));
  // What is joined is under the scale of the whole, which holds it: -30 to 50.
  const WeightPlan shared = seen.constant(1);
  EXPECT_EQ(seen.plan("y").range, (Range{-30, 50}));
  EXPECT_THAT(shared.scales, ElementsAre(seen.plan("y").params.scale));
  EXPECT_THAT(shared.zero_points, ElementsAre(seen.plan("y").params.zero_point));
  EXPECT_EQ(seen.plan("a").params, seen.plan("y").params);
}

TEST(ActivationParams, MasksAreCutAtWhatSoftmaxNeeds) {
  Seen seen("qnn", R"(g (float[4] x) => (float[4] y) <float[4] m = {0, 0, -1e9, -1e9}> {
    s = Add(x, m)
    y = Softmax(s)
  })");
  seen.see("x", {-3, 4}).see("s", {-1e9F, -3, 4}).see("y", {0, 1});
  EXPECT_EQ(seen.plan("s").range, (Range{-3 - 16, 4}));
  EXPECT_TRUE(seen.plan("s").cut_below);
  EXPECT_EQ(seen.plan("s").reason, "minmax, its masks cut at -19");
  EXPECT_FALSE(seen.plan("x").cut_below);
  EXPECT_FLOAT_EQ(seen.constant(0).scales[0], (7.0F + 16) / 255);
  EXPECT_THAT(seen.constant(0).zero_points, ElementsAre(255));
  EXPECT_THAT(seen.without(), IsEmpty());
}

TEST(ActivationParams, AProductsSecondFactorHasTheMiddleZeroPointForOpenVino) {
  const Model model = model_of(R"(g (float[2,2] a, float[2,2] b) => (float[2,2] y) {
    y = MatMul(a, b)
  })");
  const Target& target = **find_target("openvino");
  const auto placement = place(model, infer_values(model).value(), target, {Choice::kInteger});
  Observers tensors;
  for (const char* name : {"a", "b"}) EXPECT_TRUE(tensors[name].observe(std::vector<float>{-1, 4}));
  ActivationOptions options;
  options.target = &target;
  const auto chosen = choose_activations(model, placement, {tensors, {}}, options);
  ASSERT_TRUE(chosen) << chosen.error().message;
  EXPECT_EQ(chosen->activations[0].params.zero_point, 51);
  EXPECT_EQ(chosen->activations[1].params.zero_point, 128);
}

TEST(ValuesWithoutParameters, AreThoseWithInfinitiesOrNothingFinite) {
  Seen seen("qnn", R"(g (float[4] x, float[4] e) => (float[4] y, float[4] z) {
    y = Relu(x)
    z = Relu(e)
  })");
  seen.see("x", {-kInfinity, 0, 1}).see("y", {0, 1}).see("e", {}).see("z", {kInfinity});
  EXPECT_THAT(seen.without(), ElementsAre(Pair("e", "no finite value of it was seen"),
                                          Pair("x", "infinities were seen of it"),
                                          Pair("z", "no finite value of it was seen")));
}

TEST(ValuesWithoutParameters, AreNeitherMasksNorWhatWeightsMultiply) {
  Seen masks("qnn", "g (float[4] s) => (float[4] y) { y = Softmax(s) }");
  masks.see("s", {-kInfinity, 0, 1}).see("y", {0, 1});
  EXPECT_THAT(masks.without(), IsEmpty());
  EXPECT_EQ(masks.plan("s").range, (Range{-16, 1}));
  Seen weights("onnxruntime", kPool);
  weights.see("x", {-kInfinity, 0, 1}).see("c", {0, 1}).see("p", {0, 1}).see("y", {0, 1});
  EXPECT_THAT(weights.without(), IsEmpty());
  EXPECT_EQ(weights.plan("x").range, (Range{0, 1}));
}

TEST(ObserveConstants, RefusesNaN) {
  Model model = model_of(R"(g (float[2] x) => (float[2] y) <float[2] k = {0, 1}> {
    y = Mul(x, k)
  })");
  const auto nan = Tensor::of<float>(
      Shape::make({2}).value(), std::vector<float>{0, std::numeric_limits<float>::quiet_NaN()});
  ASSERT_TRUE(nan);
  ASSERT_TRUE(model.write(*model.graph().mutable_initializer(0), *nan));
  const auto placement = place(model, infer_values(model).value(), **find_target("qnn"), {});
  const auto observed = observe_constants(model, placement);
  ASSERT_FALSE(observed);
  EXPECT_THAT(observed.error().message, HasSubstr("constant \"k\" holds NaN"));
}

}  // namespace
}  // namespace zp
