#include "zeropoint/quantizer/weight_scales.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/plan/planned_codes.h"

namespace zp {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

onnx::NodeProto node_of(const char* op_type, int64_t groups = 1) {
  onnx::NodeProto node;
  node.set_op_type(op_type);
  if (groups > 1) set_attribute(node, "group", groups);
  return node;
}

Tensor tensor(const std::vector<int64_t>& dims, const std::vector<float>& values) {
  return Tensor::of<float>(Shape::make(dims).value(), values).value();
}

Tensor random_tensor(const std::vector<int64_t>& dims, uint32_t seed) {
  std::mt19937 random(seed);
  std::student_t_distribution<float> tailed(3);
  Tensor made = Tensor::zeros(DataType::kFloat, Shape::make(dims).value()).value();
  for (float& value : made.as<float>()) value = tailed(random);
  return made;
}

InputMoments moments(size_t length, double mean = 0, double variance = 1, int64_t groups = 1) {
  const size_t count = length * static_cast<size_t>(groups);
  return {groups, std::vector<double>(count, mean), std::vector<double>(count, variance)};
}

std::vector<float> scales_of(const onnx::NodeProto& node, const Tensor& weight,
                             const InputMoments& inputs, const ScaleOptions& options = {},
                             const std::vector<float>& bias = {}) {
  auto scales = choose_weight_scales(node, weight, bias, inputs, options);
  EXPECT_TRUE(scales) << scales.error().message;
  return *scales;
}

// One filter of a MatMul.
std::vector<float> scales_of(const std::vector<float>& filter, const InputMoments& inputs,
                             const ScaleOptions& options = {}) {
  return scales_of(node_of("MatMul"), tensor({static_cast<int64_t>(filter.size()), 1}, filter),
                   inputs, options);
}

TEST(WeightScales, TakeTheCandidateWithTheSmallestErrorOfTheHeadersFormula) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<double> uniform(0, 2);
  for (int trial = 0; trial < 20; ++trial) {
    std::vector<float> filter(24);
    InputMoments inputs = moments(filter.size());
    for (float& w : filter) w = normal(random);
    for (double& variance : inputs.variance) variance = uniform(random);
    for (double& mean : inputs.mean) mean = uniform(random) - 1;
    const double covering =
        std::abs(*std::ranges::max_element(filter, {}, [](float w) { return std::abs(w); })) /
        127.0;
    for (const bool mean_is_corrected : {true, false}) {
      const auto error = [&](double scale) {
        double squares = 0;
        double shift = 0;
        for (size_t k = 0; k < filter.size(); ++k) {
          const double d =
              filter[k] - scale * std::clamp(std::nearbyint(filter[k] / scale), -127.0, 127.0);
          squares += inputs.variance[k] * d * d;
          shift += inputs.mean[k] * d;
        }
        return mean_is_corrected ? squares : squares + shift * shift;
      };
      double best = 0;
      double smallest = std::numeric_limits<double>::infinity();
      for (int i = 0; i < 16; ++i) {
        const auto scale = static_cast<float>(covering * (0.7 + 0.3 * i / 15));
        if (error(scale) >= smallest) continue;
        smallest = error(scale);
        best = scale;
      }
      const auto scales = scales_of(filter, inputs, {.mean_is_corrected = mean_is_corrected});
      EXPECT_NEAR(scales[0] / best, 1, 1e-6) << "trial " << trial;
    }
  }
}

TEST(WeightScales, WeightsThatAreCodesExactlyKeepTheirScale) {
  EXPECT_THAT(scales_of({127 * 0.25F, -127 * 0.25F, 0.25F, -0.5F}, moments(4)), ElementsAre(0.25F));
}

// 5.6 = 0.8 * 7 is cut off at 70 % of the range; all other weights are codes of that scale.
TEST(WeightScales, AWeightWhoseInputNeverChangesMayBeCutOff) {
  const ScaleOptions corrected{.type = IntType::kInt4};
  const ScaleOptions uncorrected{.type = IntType::kInt4, .mean_is_corrected = false};
  const std::vector<float> filter{5.6F, 0.56F, 1.12F, -2.8F};
  InputMoments inputs = moments(filter.size());
  inputs.mean[0] = 3;
  inputs.variance[0] = 0;
  EXPECT_NEAR(scales_of(filter, inputs, corrected)[0], 0.56, 1e-6);
  // Where nothing takes the mean error out again, 3 * (5.6 - 7 * scale) counts.
  EXPECT_NEAR(scales_of(filter, inputs, uncorrected)[0], 0.8, 1e-6);
}

TEST(WeightScales, UnsignedWeightsGetTheScalesOfSignedOnes) {
  const Tensor weight = random_tensor({6, 3, 3, 3}, 7);
  const auto inputs = moments(27);
  EXPECT_EQ(scales_of(node_of("Conv"), weight, inputs, {.type = IntType::kUint8}),
            scales_of(node_of("Conv"), weight, inputs));
}

TEST(WeightScales, OneScaleForAllLiesBetweenTheLargestFiltersEnds) {
  const Tensor weight = random_tensor({6, 3, 3, 3}, 8);
  const auto scales =
      scales_of(node_of("Conv"), weight, moments(27), ScaleOptions{.per_channel = false});
  ASSERT_EQ(scales.size(), 1U);
  float largest = 0;
  for (const float w : weight.as<float>()) largest = std::max(largest, std::abs(w));
  EXPECT_GE(scales[0], 0.699F * largest / 127);
  EXPECT_LE(scales[0], 1.001F * largest / 127);
}

struct PairCase {
  const char* name;
  onnx::NodeProto node;
  std::vector<int64_t> dims;
  // Of each filter: the offsets of its elements as ONNX Runtime and as OpenVINO pair them
  // (docs/targets.md), neighbours 2j and 2j+1 of each list.
  std::vector<std::vector<std::vector<int64_t>>> lists;
};

PairCase convolution(const char* name, int64_t cout, int64_t cin, int64_t taps) {
  PairCase made{name, node_of("Conv"), {cout, cin, 1, taps}, {}};
  for (int64_t o = 0; o < cout; ++o) {
    auto& lists = made.lists.emplace_back();
    std::vector<int64_t> flat;
    for (int64_t tap = 0; tap < taps; ++tap) {
      auto& channels = lists.emplace_back();
      for (int64_t c = 0; c < cin; ++c) channels.push_back((o * cin + c) * taps + tap);
      flat.insert(flat.end(), channels.begin(), channels.end());
    }
    lists.push_back(flat);
  }
  return made;
}

PairCase matmul(const char* name, const char* op_type, bool transposed, int64_t k, int64_t n) {
  PairCase made{name, node_of(op_type), {k, n}, {}};
  if (transposed) {
    made.dims = {n, k};
    set_attribute(made.node, "transB", int64_t{1});
  }
  for (int64_t o = 0; o < n; ++o) {
    auto& rows = made.lists.emplace_back().emplace_back();
    for (int64_t i = 0; i < k; ++i) rows.push_back(transposed ? o * k + i : i * n + o);
  }
  return made;
}

TEST(WeightScales, NoPairOfAnyFilterExceedsTheLimit) {
  const std::vector<PairCase> cases{
      convolution("odd channels", 8, 3, 9), convolution("even channels", 8, 4, 9),
      convolution("pointwise", 8, 33, 1), matmul("matmul", "MatMul", false, 41, 8),
      matmul("gemm", "Gemm", true, 40, 8)};
  for (const PairCase& pairs : cases) {
    for (uint32_t seed = 0; seed < 30; ++seed) {
      const Tensor weight = random_tensor(pairs.dims, seed);
      const Filters filters = filters_of(pairs.node, pairs.dims);
      WeightPlan plan;
      plan.tensor = "w";
      plan.narrow = NarrowRange::kYes;
      plan.pair_safe = true;
      plan.axis = std::string(pairs.name) == "matmul" ? 1 : 0;
      plan.scales = scales_of(pairs.node, weight, moments(static_cast<size_t>(filters.length)),
                              {.pairs = PairSafety::kHeld});
      const auto codes = planned_codes(weight, plan, &filters);
      ASSERT_TRUE(codes) << codes.error().message;
      for (const auto& lists : pairs.lists) {
        for (const auto& list : lists) {
          for (size_t j = 0; j + 1 < list.size(); j += 2) {
            const int32_t a = codes->at(static_cast<size_t>(list[j]));
            const int32_t b = codes->at(static_cast<size_t>(list[j + 1]));
            // 255 * 128 = 32640 fits 16 bits, 255 * 129 does not.
            ASSERT_LE(std::max(a, 0) + std::max(b, 0), 128) << pairs.name;
            ASSERT_GE(std::min(a, 0) + std::min(b, 0), -128) << pairs.name;
          }
        }
      }
    }
  }
}

// 1 and 1 side by side need a scale of 2 / 128, twice what one of them needs.
TEST(WeightScales, TwoLargeNeighboursGetRoomInsteadOfLosingHalfTheirValue) {
  const ScaleOptions held{.pairs = PairSafety::kHeld};
  EXPECT_NEAR(scales_of({1, 1, 0.01F, 0.02F}, moments(4), held)[0], 2 / 128.0, 0.1 / 128);
  EXPECT_LE(scales_of({1, -1, 0.01F, 0.02F}, moments(4), held)[0], 1.03F / 127);
  // A depthwise convolution has one channel a filter and no pairs.
  EXPECT_LE(scales_of(node_of("Conv", 2), tensor({2, 1, 1, 2}, {1, 1, 1, 1}), moments(2, 0, 1, 2),
                      held)[0],
            1.03F / 127);
}

TEST(WeightScales, ABiasKeepsWithinTwoToThe24Codes) {
  // The second filter is as good as dead, and its bias is large.
  const Tensor weight = tensor({2, 1, 1, 2}, {1, -1, 1e-9F, 2e-9F});
  const float input_scale = 0.02F;
  const std::vector<float> bias{0.5F, 8.0F};
  const auto scales =
      scales_of(node_of("Conv"), weight, moments(2), {.input_scale = input_scale}, bias);
  EXPECT_NEAR(scales[0], 1 / 127.0, 1e-6);
  const double code = double{bias[1]} / (double{input_scale} * double{scales[1]});
  EXPECT_NEAR(code / (1 << 24), 1, 1e-6);
  // One scale for all is held to the same.
  const auto one = scales_of(node_of("Conv"), tensor({2, 1, 1, 2}, {1e-9F, 0, 0, 2e-9F}),
                             moments(2), {.per_channel = false, .input_scale = input_scale}, bias);
  EXPECT_EQ(one, std::vector<float>{scales[1]});
}

TEST(WeightScales, AreRaisedForWhatABiasHasBecome) {
  const float input_scale = 0.03F;
  std::vector<float> scales{1e-8F, 1e-3F, 1e-8F};
  const std::vector<float> biases{7.3F, 7.3F, 0};
  EXPECT_TRUE(raise_for_biases(scales, biases, input_scale));
  // 7.3 / (0.03 * 2^24).
  EXPECT_NEAR(scales[0] / 1.45039e-5, 1, 1e-5);
  EXPECT_LE(7.3F / (input_scale * scales[0]), 1 << 24);
  EXPECT_EQ(scales[1], 1e-3F);
  EXPECT_EQ(scales[2], 1e-8F);
  EXPECT_FALSE(raise_for_biases(scales, biases, input_scale));
  std::vector<float> one{1e-8F};
  EXPECT_TRUE(raise_for_biases(one, biases, input_scale));
  EXPECT_EQ(one[0], scales[0]);
}

TEST(WeightScales, AFilterOfZerosHasTheScaleOfItsBiasOrOne) {
  const Tensor weight = tensor({2, 1, 1, 2}, {0, 0, 0, 0});
  const ScaleOptions options{.input_scale = 0.5F};
  const std::vector<float> bias{0, 4};
  EXPECT_THAT(scales_of(node_of("Conv"), weight, moments(2), options, bias),
              ElementsAre(1.0F, 8.0F / (1 << 24)));
  EXPECT_THAT(scales_of(node_of("Conv"), weight, moments(2), options), Each(1.0F));
}

TEST(WeightScales, ScalesAreNeverBelowTheSmallestNormalNumber) {
  EXPECT_EQ(scales_of({1e-38F, -1e-39F}, moments(2))[0], std::numeric_limits<float>::min());
}

TEST(WeightScales, WeightsThatAreNotFiniteAreNamed) {
  const std::vector<float> values{1, std::numeric_limits<float>::quiet_NaN()};
  const auto scales =
      choose_weight_scales(node_of("MatMul"), tensor({2, 1}, values), {}, moments(2), {});
  ASSERT_FALSE(scales);
  EXPECT_THAT(scales.error().message, HasSubstr("element 1 is nan"));
}

Observer observer_of(const std::vector<std::vector<float>>& channels) {
  Observer observer = Observer::per_channel(static_cast<int64_t>(channels.size())).value();
  std::vector<float> flat;
  for (const auto& channel : channels) flat.insert(flat.end(), channel.begin(), channel.end());
  const Shape shape =
      Shape::make({static_cast<int64_t>(channels.size()), static_cast<int64_t>(channels[0].size())})
          .value();
  EXPECT_TRUE(observer.observe(TensorView<const float>::make(flat, shape).value(), 0));
  return observer;
}

// {1, 3}: mean 2, variance 1; {0, 4}: mean 2, variance 4; {-1, -1}: -1 and 0; {2, 8}: 5 and 9.
const std::vector<std::vector<float>> kChannels{{1, 3}, {0, 4}, {-1, -1}, {2, 8}};

TEST(InputMoments, OfAConvolutionFollowItsTapsAndGroups) {
  const std::array<int64_t, 4> dims{4, 2, 1, 2};
  const auto found = input_moments(node_of("Conv", 2), dims, observer_of(kChannels));
  EXPECT_EQ(found.groups, 2);
  // For each group and tap its two channels.
  EXPECT_THAT(found.mean, ElementsAre(2, 2, 2, 2, -1, 5, -1, 5));
  EXPECT_THAT(found.variance, ElementsAre(1, 4, 1, 4, 0, 9, 0, 9));
}

TEST(InputMoments, OfAMatMulFollowItsRows) {
  const std::array<int64_t, 2> dims{4, 7};
  const auto found = input_moments(node_of("MatMul"), dims, observer_of(kChannels));
  EXPECT_THAT(found.mean, ElementsAre(2, 2, -1, 5));
  EXPECT_THAT(found.variance, ElementsAre(1, 4, 0, 9));
}

TEST(InputMoments, OfATensorWithoutChannelsAreTheTensorsOwn) {
  Observer observer;
  ASSERT_TRUE(observer.observe(std::vector<float>{1, 3, 1, 3}));
  const std::array<int64_t, 2> dims{3, 7};
  const auto found = input_moments(node_of("MatMul"), dims, observer);
  EXPECT_THAT(found.mean, ElementsAre(2, 2, 2));
  EXPECT_THAT(found.variance, ElementsAre(1, 1, 1));
}

TEST(BiasCorrection, IsTheMeanOfWhatRoundingTakesAway) {
  const std::array<int64_t, 4> dims{2, 1, 1, 2};
  InputMoments inputs = moments(2, 0, 1, 2);
  inputs.mean = {10, 1, 100, 0};
  const Filters filters = conv_filters(dims, 2);
  const std::vector<float> weights{0.5F, 1.25F, 3.0F, 4.0F};
  const std::vector<int32_t> codes{0, 1, 2, 5};
  // (0.5 - 0) 10 + (1.25 - 1) 1 and (3 - 2) 100 + (4 - 5) 0.
  EXPECT_THAT(bias_correction(filters, weights, codes, std::vector<float>{1.0F}, inputs),
              ElementsAre(5.25F, 100.0F));
  // With a scale of 0.5 for the second filter: (3 - 1) 100.
  EXPECT_THAT(bias_correction(filters, weights, codes, std::vector<float>{1.0F, 0.5F}, inputs),
              ElementsAre(5.25F, 200.0F));
}

}  // namespace
}  // namespace zp
