#include "zeropoint/tuning/gather.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <mutex>
#include <numeric>
#include <random>

#include "tests/support/onnx_text.h"
#include "zeropoint/engine/compile_model.h"
#include "zeropoint/graph/attributes.h"
#include "zeropoint/plan/planned_codes.h"

namespace zp {
namespace {

using ::testing::HasSubstr;

std::vector<float> random_integers(int64_t count, int largest, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> value(-largest, largest);
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(value(random)));
  return values;
}

int64_t product(const std::vector<int64_t>& dims) {
  return std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>());
}

// A model "x -> before -> d -> w -> y" whose values are integers.
struct Case {
  std::string name;
  std::string op;  // with its attributes
  std::vector<int64_t> data;
  std::vector<int64_t> weight;
  int64_t output_axis;  // of y: its channels
};

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

std::string dims_text(const std::vector<int64_t>& dims) {
  return fmt::format("{}", fmt::join(dims, ","));
}

Model model_of(const Case& c, const std::string& before) {
  const auto weights = random_integers(product(c.weight), 3, 5);
  // A pointwise convolution makes the engine hand out its output with the channels last.
  const int64_t channels = c.data.size() > 1 ? c.data[1] : 0;
  std::vector<int64_t> ones(c.data.size(), 1);
  ones[0] = channels;
  ones[1] = channels;
  const auto mixing = random_integers(channels * channels, 1, 6);
  const std::string text = fmt::format(
      "g (float[{}] x) => (float[{}] y)\n<float[{}] weights = {{{}}}, float[{}] mix = {{{}}}>\n"
      "{{ d = {}  y = {}(d, weights) }}",
      dims_text(c.data), dims_text(std::vector<int64_t>()), dims_text(c.weight),
      fmt::join(weights, ","), dims_text(ones), fmt::join(mixing, ","), before, c.op);
  auto proto = onnx_model(text);
  proto.mutable_graph()->mutable_output(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  proto.mutable_graph()->mutable_node(1)->set_name("w");
  auto model = Model::parse(proto.SerializeAsString(), "test.onnx");
  EXPECT_TRUE(model) << model.error().message;
  return std::move(model).value();
}

LoadSample samples_of(const std::vector<int64_t>& dims, int largest = 20) {
  return [=](int64_t sample) -> Result<std::optional<SampleInputs>> {
    const auto values = random_integers(product(dims), largest, static_cast<unsigned>(sample));
    return SampleInputs{{"x", Tensor::of<float>(Shape::make(dims).value(), values).value()}};
  };
}

std::vector<int64_t> numbers(int64_t count) {
  std::vector<int64_t> all(static_cast<size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

SecondMoments gathered(const Model& model, const Model* reference, int64_t samples,
                       const LoadSample& load, const GatherOptions& options,
                       const InputCodes& codes = {1, 255}) {
  SecondMoments result;
  const std::vector<GatherTask> tasks{{"w", codes}};
  const Status status = gather_moments(
      model, reference, tasks, numbers(samples), load,
      [&](size_t, const SecondMoments& moments) {
        result = moments;
        return Status();
      },
      options);
  EXPECT_TRUE(status) << status.error().message;
  return result;
}

// Of all samples, channel after channel.
std::vector<std::vector<double>> outputs_by_channel(const Model& model, int64_t samples,
                                                    const LoadSample& load, int64_t axis) {
  auto engine = compile(model, {});
  EXPECT_TRUE(engine) << engine.error().message;
  std::vector<std::vector<double>> channels;
  for (int64_t sample = 0; sample < samples; ++sample) {
    const auto outputs = engine->run(0, **load(sample));
    const OutputView& y = outputs->outputs[0];
    const AxisSplit split = split_at_axis(y.shape, axis).value();
    channels.resize(static_cast<size_t>(split.axis));
    for (int64_t i = 0; i < y.shape.element_count(); ++i) {
      channels[static_cast<size_t>(i / split.inner % split.axis)].push_back(
          y.as<float>()[static_cast<size_t>(i)]);
    }
  }
  return channels;
}

class GatherOf : public testing::TestWithParam<Case> {};

// Whatever the operator: the sum over output positions of y_o * y_p is w_o^T H w_p, with the
// outputs that OpenVINO computes. All values are integers, so the two are equal.
TEST_P(GatherOf, GivesTheMomentsThatTheOutputsHave) {
  constexpr int64_t kSamples = 3;
  const Case& c = GetParam();
  for (const char* before : {"Neg(x)", "Conv(x, mix)"}) {
    if (!c.op.starts_with("Conv") && std::string(before) != "Neg(x)") continue;
    const Model model = model_of(c, before);
    const LoadSample load = samples_of(c.data);
    const SecondMoments moments =
        gathered(model, nullptr, kSamples, load, {.threads = 1, .rows = 1 << 20}, {1, 255});
    const auto outputs = outputs_by_channel(model, kSamples, load, c.output_axis);
    const Filters filters = filters_of(model.graph().node(1), c.weight);
    ASSERT_EQ(moments.length, filters.length);
    ASSERT_EQ(moments.rows, static_cast<int64_t>(outputs[0].size()));
    const auto weights = random_integers(product(c.weight), 3, 5);
    const auto weight = [&](int64_t filter, int64_t k) {
      return double{weights[static_cast<size_t>(
          filters.offsets[static_cast<size_t>(filter * filters.length + k)])]};
    };
    const int64_t of_group = filters.count / moments.groups;
    for (int64_t o = 0; o < filters.count; ++o) {
      const int64_t group = o / of_group;
      const double* h = moments.product.data() + group * moments.length * moments.length;
      const double* sum = moments.sum.data() + group * moments.length;
      double total = 0;
      for (int64_t k = 0; k < moments.length; ++k) total += weight(o, k) * sum[k];
      const auto& y = outputs[static_cast<size_t>(o)];
      ASSERT_EQ(total, std::accumulate(y.begin(), y.end(), 0.0)) << "filter " << o;
      for (int64_t p = group * of_group; p < (group + 1) * of_group; ++p) {
        double form = 0;
        for (int64_t i = 0; i < moments.length; ++i) {
          for (int64_t j = 0; j < moments.length; ++j) {
            form += weight(o, i) * h[i * moments.length + j] * weight(p, j);
          }
        }
        const auto& z = outputs[static_cast<size_t>(p)];
        ASSERT_EQ(form, std::inner_product(y.begin(), y.end(), z.begin(), 0.0))
            << "filters " << o << " and " << p << ", " << before;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    , GatherOf,
    testing::Values(
        Case{"Conv", "Conv", {2, 5, 6, 7}, {4, 5, 3, 2}, 1},
        Case{"ConvPointwise", "Conv", {1, 6, 5, 5}, {3, 6, 1, 1}, 1},
        Case{"ConvStridesDilationsPads",
             "Conv<strides=[2,3], dilations=[2,1], pads=[1,2,3,0]>",
             {2, 3, 9, 11},
             {4, 3, 3, 2},
             1},
        Case{"ConvSameUpper",
             "Conv<auto_pad=\"SAME_UPPER\", strides=[2,2]>",
             {1, 3, 7, 8},
             {2, 3, 4, 3},
             1},
        Case{"ConvSameLower",
             "Conv<auto_pad=\"SAME_LOWER\", strides=[2,2]>",
             {1, 3, 7, 8},
             {2, 3, 4, 3},
             1},
        Case{"ConvValid", "Conv<auto_pad=\"VALID\", strides=[2,1]>", {1, 3, 7, 8}, {2, 3, 4, 3}, 1},
        Case{"Conv1D", "Conv<pads=[2,1], strides=[2]>", {3, 4, 13}, {5, 4, 4}, 1},
        Case{"Conv3D",
             "Conv<pads=[1,0,1,0,1,0], strides=[1,2,1]>",
             {1, 2, 4, 6, 5},
             {3, 2, 2, 3, 2},
             1},
        Case{"ConvGroups", "Conv<group=3, pads=[1,1,1,1]>", {2, 6, 5, 6}, {9, 2, 3, 3}, 1},
        Case{"ConvDepthwise",
             "Conv<group=6, pads=[1,1,1,1], strides=[2,2]>",
             {2, 6, 7, 6},
             {6, 1, 3, 3},
             1},
        Case{"ConvDepthwiseMultiplier", "Conv<group=4>", {1, 4, 7, 6}, {8, 1, 3, 2}, 1},
        Case{"Gemm", "Gemm", {5, 7}, {7, 4}, 1},
        Case{"GemmTransposed", "Gemm<transA=1, transB=1>", {7, 5}, {4, 7}, 1},
        Case{"MatMul", "MatMul", {2, 3, 4, 7}, {7, 5}, -1}),
    name_of);

const Case kConv{"", "Conv<pads=[1,1,1,1]>", {1, 4, 12, 10}, {3, 4, 3, 3}, 1};

void expect_same(const SecondMoments& a, const SecondMoments& b) {
  EXPECT_EQ(a.rows, b.rows);
  EXPECT_EQ(a.sum, b.sum);
  EXPECT_EQ(a.product, b.product);
  EXPECT_EQ(a.difference, b.difference);
  EXPECT_EQ(a.cross, b.cross);
}

TEST(Gather, IsTheSameForAnyNumberOfThreads) {
  const Model model = model_of(kConv, "Neg(x)");
  const Model reference = model_of(kConv, "Tanh(x)");
  const LoadSample load = samples_of(kConv.data);
  const auto with = [&](int threads) {
    return gathered(model, &reference, 9, load, {.threads = threads, .rows = 300});
  };
  const SecondMoments one = with(1);
  EXPECT_EQ(one.rows, 9 * (300 / 9));
  expect_same(one, with(2));
  expect_same(one, with(5));
}

TEST(Gather, OfPartsOfTheSamplesMergesIntoTheWhole) {
  const Model model = model_of(kConv, "Neg(x)");
  const LoadSample load = samples_of(kConv.data);
  const SecondMoments whole = gathered(model, nullptr, 6, load, {.rows = 6 * 20});
  const LoadSample rest = [&](int64_t sample) { return load(sample + 2); };
  SecondMoments parts = gathered(model, nullptr, 2, load, {.rows = 2 * 20});
  ASSERT_TRUE(merge(parts, gathered(model, nullptr, 4, rest, {.rows = 4 * 20})));
  expect_same(whole, parts);
}

// e = x_float - x is -2 x where the float model leaves the sign out: C is then -2 H.
TEST(Gather, TellsTheFloatModelsInputApart) {
  const Model model = model_of(kConv, "Neg(x)");
  const Model reference = model_of(kConv, "Identity(x)");
  const SecondMoments moments = gathered(model, &reference, 4, samples_of(kConv.data), {});
  ASSERT_EQ(moments.cross.size(), moments.product.size());
  for (size_t i = 0; i < moments.cross.size(); ++i) {
    ASSERT_EQ(moments.cross[i], -2 * moments.product[i]);
  }
  for (size_t i = 0; i < moments.sum.size(); ++i) {
    ASSERT_EQ(moments.difference[i], -2 * moments.sum[i]);
  }
}

TEST(Gather, TakesSeveralPassesWhereMemoryIsShort) {
  auto proto = onnx_model(R"(
    g (float[3,4] x) => (float[3,2] y)
    <float[4,4] a = {1, 0, 2, 0, 0, 1, 0, 1, 1, 1, 0, 0, 2, 0, 0, 1},
     float[4,2] b = {1, 2, 3, 4, 5, 6, 7, 8}>
    { p = Neg(x)  q = MatMul(p, a)  r = MatMul(p, a)  s = Add(q, r)  y = MatMul(s, b) })");
  int number = 0;
  for (auto& node : *proto.mutable_graph()->mutable_node()) {
    node.set_name(fmt::format("n{}", number++));
  }
  const Model model = Model::parse(proto.SerializeAsString(), "test.onnx").value();
  const std::vector<GatherTask> tasks{{"n4", {1, 255}}, {"n1", {1, 255}}, {"n2", {1, 255}}};
  std::map<size_t, std::map<size_t, SecondMoments>> found;  // by memory
  for (const size_t memory : {size_t{1}, size_t{1} << 20}) {
    std::mutex mutex;
    const Status status = gather_moments(model, nullptr, tasks, numbers(2), samples_of({3, 4}),
                                         [&](size_t task, const SecondMoments& moments) {
                                           const std::lock_guard lock(mutex);
                                           found[memory][task] = moments;
                                           return Status();
                                         },
                                         {.memory = memory});
    ASSERT_TRUE(status) << status.error().message;
  }
  ASSERT_EQ(found[1].size(), tasks.size());
  for (size_t task = 0; task < tasks.size(); ++task) {
    expect_same(found[1][task], found[1 << 20][task]);
  }
  expect_same(found[1][1], found[1][2]);
}

TEST(Gather, SaysWhichNodeReadsWhatAreNoCodes) {
  const Model model = model_of(kConv, "Neg(x)");
  const std::vector<GatherTask> tasks{{"w", {1, 10}}};
  const Status status = gather_moments(model, nullptr, tasks, numbers(1), samples_of(kConv.data),
                                       [](size_t, const SecondMoments&) { return Status(); });
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("Conv node \"w\": a value of "));
}

}  // namespace
}  // namespace zp
