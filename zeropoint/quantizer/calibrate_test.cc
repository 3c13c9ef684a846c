#include "zeropoint/quantizer/calibrate.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "tests/support/onnx_text.h"
#include "zeropoint/observe/observer_io.h"
#include "zeropoint/quantizer/merge.h"
#include "zeropoint/quantizer/statistics_io.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kModel = R"(
  g (float[N,2,8,8] x, int64[1] k) => (float[N,4,8,8] y, int64[1] n)
  <float[4,2,1,1] w = {1, 0, 0, 1, 1, 1, -1, 0.5}>
  { c = Conv(x, w)  r = Relu(c)  y = Neg(r)  n = Neg(k)  h = Cast<to = 10>(r)
    d = Cast<to = 11>(c) })";

const std::vector<ObservedTensor> kObserved{{"x"}, {"c", 1}, {"r"}, {"n"}, {"h"}, {"d", -3}};

Engine engine_of(int requests) {
  EngineOptions options{.requests = requests};
  for (const ObservedTensor& tensor : kObserved) options.watched.push_back(tensor.name);
  auto engine = Engine::compile(
      {.path = "test.onnx", .bytes = onnx_model(kModel).SerializeAsString()}, options);
  EXPECT_TRUE(engine) << engine.error().message;
  return std::move(engine).value();
}

// Sample i of batch i % 3 (so that some are empty), of values that depend on i alone.
CalibrationInputs::Sample sample(int64_t i) {
  std::mt19937 random(static_cast<unsigned>(i));
  std::normal_distribution<float> normal;
  CalibrationInputs::Sample sample;
  Tensor x = Tensor::zeros(DataType::kFloat, Shape::make({i % 3, 2, 8, 8}).value()).value();
  for (float& value : x.as<float>()) value = normal(random);
  sample.inputs.push_back({"x", std::move(x)});
  const std::array<int64_t, 1> k{i};
  sample.inputs.push_back({"k", Tensor::of<int64_t>(Shape::make({1}).value(), k).value()});
  sample.hash = hash_bytes(std::as_bytes(std::span(k)));
  return sample;
}

// Samples begin, begin + step, ...
CalibrationInputs samples(int64_t count, int64_t begin = 0, int64_t step = 1) {
  return {.count = count,
          .name = [=](int64_t i) { return fmt::format("folder/{}.npy", begin + i * step); },
          .load = [=](int64_t i) -> Result<CalibrationInputs::Sample> {
            return sample(begin + i * step);
          }};
}

Result<CalibrationStatistics> calibrated(int requests, const CalibrationInputs& source,
                                         const CalibrateOptions& options = {}) {
  Engine engine = engine_of(requests);
  return calibrate(engine, kObserved, source, {}, options);
}

TEST(Calibrate, ObservesWhatTheModelComputes) {
  const auto statistics = calibrated(1, samples(40));
  ASSERT_TRUE(statistics) << statistics.error().message;
  std::vector<std::string> names;
  for (const auto& [name, tensor] : statistics->tensors) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("c", "d", "h", "r", "x"));  // n holds integers

  // The weights' rows by hand: channel 0 of c is channel 0 of x, channel 2 is their sum.
  kernels::MinMax first, sum, all;
  int64_t held_back = 0;
  for (int64_t i = 0; i < 40; ++i) {
    const CalibrationInputs::Sample taken = sample(i);
    if (is_held_back(taken.hash)) {
      ++held_back;
      continue;
    }
    const auto x = taken.inputs[0].tensor.as<float>();
    all.merge(kernels::min_max(x));
    for (size_t j = 0; j < x.size(); ++j) {
      if (j / 64 % 2 != 0) continue;
      first.add(x[j]);
      sum.add(x[j] + x[j + 64]);
    }
  }
  EXPECT_GT(held_back, 0);
  EXPECT_EQ(statistics->tensors.at("x").fit.statistics().extremes, all);
  const Observer& c = statistics->tensors.at("c").fit;
  ASSERT_EQ(c.channels().size(), 4U);
  EXPECT_EQ(c.channels()[0].extremes, first);
  EXPECT_EQ(c.channels()[2].extremes, sum);
  const Observer& r = statistics->tensors.at("r").fit;
  EXPECT_EQ(r.statistics().extremes.min, 0);
  EXPECT_EQ(r.statistics().extremes.max, c.statistics().extremes.max);
  // d is c as double, h is r as float16: 11 bits.
  EXPECT_EQ(serialize(statistics->tensors.at("d").fit), serialize(c));
  const float largest = r.statistics().extremes.max;
  EXPECT_NEAR(statistics->tensors.at("h").fit.statistics().extremes.max, largest, largest / 2048);
  EXPECT_GT(statistics->tensors.at("c").held_back.statistics().extremes.count, 0U);
}

TEST(Calibrate, GivesTheSameBytesForAnyNumberOfRequests) {
  const auto one = calibrated(1, samples(40));
  ASSERT_TRUE(one) << one.error().message;
  for (const int requests : {2, 3}) {
    EXPECT_EQ(serialize(calibrated(requests, samples(40)).value()), serialize(*one)) << requests;
  }
}

TEST(Calibrate, GivesTheSameBytesForAnySharding) {
  Engine engine = engine_of(2);
  const auto of = [&](const CalibrationInputs& source) {
    return calibrate(engine, kObserved, source, {}).value();
  };
  const auto whole = serialize(of(samples(40)));
  for (const int64_t shards : {2, 5, 40}) {
    auto merged = of(samples(40 / shards, 0, shards));
    for (int64_t shard = 1; shard < shards; ++shard) {
      const auto status = merge(merged, "A", of(samples(40 / shards, shard, shards)), "B");
      ASSERT_TRUE(status) << status.error().message;
    }
    EXPECT_EQ(serialize(merged), whole) << shards << " shards";
  }
}

TEST(Calibrate, NotesWhereStatisticsComeFrom) {
  Engine engine = engine_of(1);
  const CalibrationOrigin origin{.tool_version = "7", .source_model = {1, 2}};
  const auto statistics = calibrate(engine, kObserved, samples(2), origin).value();
  EXPECT_EQ(statistics.origin.tool_version, "7");
  EXPECT_EQ(statistics.origin.source_model, (Hash128{1, 2}));
  EXPECT_EQ(statistics.origin.engine, engine_version());
  EXPECT_FALSE(statistics.origin.instruction_set.empty());
  ASSERT_EQ(statistics.samples.size(), 2U);
  EXPECT_TRUE(std::ranges::is_sorted(statistics.samples));
  EXPECT_THAT(statistics.samples[0].source, ::testing::AnyOf("0.npy", "1.npy"));
}

// Sample 3 cannot be read, sample 5 has another shape.
CalibrationInputs bad_samples() {
  CalibrationInputs source = samples(8);
  source.load = [](int64_t i) -> Result<CalibrationInputs::Sample> {
    if (i == 3) return invalid_data("folder/3.npy: cut off");
    CalibrationInputs::Sample taken = sample(i);
    if (i == 5) taken.inputs[0].tensor = Tensor();
    return taken;
  };
  return source;
}

TEST(Calibrate, StopsAtTheFirstBadSample) {
  for (const int requests : {1, 2}) {
    const auto statistics = calibrated(requests, bad_samples());
    ASSERT_FALSE(statistics);
    EXPECT_EQ(statistics.error().message, "folder/3.npy: cut off");
  }
}

TEST(Calibrate, SkipsBadSamplesWhereAsked) {
  const auto statistics = calibrated(2, bad_samples(), {.on_bad_sample = OnBadSample::kSkip});
  ASSERT_TRUE(statistics) << statistics.error().message;
  EXPECT_EQ(statistics->samples.size(), 6U);
  ASSERT_EQ(statistics->skipped.size(), 2U);
  EXPECT_EQ(statistics->skipped[0].source, "3.npy");
  EXPECT_EQ(statistics->skipped[0].reason, "3.npy: cut off");
  EXPECT_EQ(statistics->skipped[1].source, "5.npy");
  EXPECT_THAT(statistics->skipped[1].reason,
              HasSubstr("5.npy: test.onnx: input \"x\" wants float [?, 2, 8, 8], got undefined"));
}

TEST(Calibrate, NeedsASampleThatCanBeUsed) {
  EXPECT_EQ(calibrated(1, samples(0)).error().message, "there are no samples to calibrate with");
  CalibrationInputs source = bad_samples();
  source.load = [](int64_t i) -> Result<CalibrationInputs::Sample> {
    return invalid_data(fmt::format("folder/{}.npy: cut off", i));
  };
  EXPECT_EQ(calibrated(1, source, {.on_bad_sample = OnBadSample::kSkip}).error().message,
            "none of the 8 samples could be used; the first: 0.npy: cut off");
}

TEST(Calibrate, RefusesTensorsThatItCannotObserve) {
  Engine engine = engine_of(1);
  EXPECT_THAT(calibrate(engine, {{"y"}}, samples(1), {}).error().message,
              HasSubstr("tensor \"y\" is to be observed, but the engine does not watch it"));
  EXPECT_THAT(calibrate(engine, {{"x"}, {"x"}}, samples(1), {}).error().message,
              HasSubstr("more than once"));
  EXPECT_THAT(calibrate(engine, {{"x", 4}}, samples(1), {}).error().message,
              HasSubstr("tensor \"x\": axis 4"));
  // The batch, along which the samples differ.
  EXPECT_THAT(calibrate(engine, {{"x", 0}}, samples(3, 1), {}).error().message,
              HasSubstr("tensor \"x\": observer of 1 channels: the tensor has 2"));
}

TEST(Calibrate, CanBeCancelled) {
  int64_t calls = 0;
  const auto statistics =
      calibrated(1, samples(40), {.progress = [&](const Progress& progress) {
                   EXPECT_EQ(progress.total, 40);
                   return ++calls == 5 ? ProgressAnswer::kCancel : ProgressAnswer::kContinue;
                 }});
  ASSERT_FALSE(statistics);
  EXPECT_EQ(statistics.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(calls, 5);
}

}  // namespace
}  // namespace zp
