#include "zeropoint/evaluate/measure.h"

#include <gmock/gmock.h>

#include <numeric>

#include "tests/support/onnx_text.h"

namespace zp {
namespace {

Engine compiled(const std::string& text, const EngineOptions& options) {
  auto engine = Engine::compile(
      {.path = "test.onnx", .bytes = onnx_model(text).SerializeAsString()}, options);
  EXPECT_TRUE(engine) << engine.error().message;
  return std::move(engine).value();
}

constexpr const char* kFloat = R"(
  g (float[N,2] x) => (float[N,2] y, int64[N] c)
  { t = Neg(x)  y = Add(t, t)  c = ArgMax<axis = 1, keepdims = 0>(x) })";

// The same with another rounding error in t, and the outputs the other way round.
constexpr const char* kQuantized = R"(
  g (float[N,2] x) => (int64[N] c, float[N,2] y)
  <float scale = {0.5}, int8 zero = {0}>
  { u = Neg(x)  q = QuantizeLinear(u, scale, zero)  t_dequantized = DequantizeLinear(q, scale, zero)
    y = Add(t_dequantized, t_dequantized)  c = ArgMax<axis = 1, keepdims = 0>(t_dequantized) })";

// Sample i: (i + 0.2, 0.5).
Result<std::optional<SampleInputs>> load(int64_t sample) {
  const std::vector<float> values{static_cast<float>(sample) + 0.2F, 0.5F};
  return SampleInputs{{"x", Tensor::of<float>(Shape::make({1, 2}).value(), values).value()}};
}

std::vector<int64_t> samples(int64_t count) {
  std::vector<int64_t> all(static_cast<size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

std::vector<OutputError> measured(int requests, int threads) {
  Engine reference = compiled(kFloat, {.requests = requests, .extra_outputs = {"t"}});
  Engine quantized = compiled(kQuantized, {.mode = ExecutionMode::kQuantizedAsWritten,
                                           .requests = requests,
                                           .extra_outputs = {"t_dequantized"}});
  auto errors = measure(reference, quantized, samples(20), load, {.threads = threads});
  EXPECT_TRUE(errors) << errors.error().message;
  return std::move(errors).value();
}

TEST(Measure, GivesTheErrorOfEachOutputAndExtraOutputByName) {
  const auto errors = measured(1, 1);
  ASSERT_EQ(errors.size(), 3U);
  EXPECT_EQ(errors[0].name(), "y");
  EXPECT_EQ(errors[1].name(), "c");
  EXPECT_EQ(errors[2].name(), "t");
  // i + 0.2 becomes i; 0.5 is a code. Sample 0 is the worst: (0.2, 0.5) against (0, 0.5).
  double signal = 0;
  for (int i = 0; i < 20; ++i) signal += (i + 0.2) * (i + 0.2) + 0.25;
  EXPECT_NEAR(errors[2].sqnr_db(), 10 * std::log10(signal / (20 * 0.04)), 1e-4);
  EXPECT_NEAR(errors[0].sqnr_db(), errors[2].sqnr_db(), 1e-9);  // twice both
  EXPECT_NEAR(errors[0].max_abs_difference(), 0.4, 1e-5);
  ASSERT_TRUE(errors[0].worst());
  EXPECT_EQ(errors[0].worst()->sample, 0);
  EXPECT_NEAR(errors[0].worst()->score, 10 * std::log10(0.29 / 0.04), 1e-4);
  // The larger of x against the larger of -x.
  EXPECT_EQ(errors[1].equal_share(), 0);
}

TEST(Measure, GivesTheSameBitsForAnyNumberOfThreads) {
  const auto one = measured(1, 1);
  EXPECT_EQ(measured(3, 3), one);
  EXPECT_EQ(measured(2, 0), one);
}

TEST(Measure, TheErrorOfTheFirstSampleThatCannotBeLoadedIsItsOwn) {
  Engine reference = compiled(kFloat, {.requests = 2});
  Engine quantized = compiled(kFloat, {.requests = 2});
  const auto errors = measure(reference, quantized, samples(9),
                              [](int64_t sample) -> Result<std::optional<SampleInputs>> {
                                if (sample >= 4)
                                  return invalid_data("sample " + std::to_string(sample));
                                return load(sample);
                              });
  ASSERT_FALSE(errors);
  EXPECT_EQ(errors.error().message, "sample 4");
}

TEST(Measure, LeavesOutSamplesWithoutInputs) {
  Engine reference = compiled(kFloat, {.requests = 2});
  Engine quantized =
      compiled(kQuantized, {.mode = ExecutionMode::kQuantizedAsWritten, .requests = 2});
  const auto errors = measure(reference, quantized, samples(9),
                              [](int64_t sample) -> Result<std::optional<SampleInputs>> {
                                if (sample % 3 == 0) return std::nullopt;
                                return load(sample);
                              });
  ASSERT_TRUE(errors) << errors.error().message;
  EXPECT_EQ(errors->front().samples(), 6);
  EXPECT_EQ(errors->front().worst()->sample, 1);
}

std::string mismatch(const std::string& reference, const std::string& quantized) {
  Engine first = compiled(reference, {});
  Engine second = compiled(quantized, {});
  const auto errors = measure(first, second, samples(1), load);
  return errors ? "measured" : errors.error().message;
}

TEST(Measure, ModelsOfOtherInputsOrOutputsAreAnError) {
  const std::string model = "g (float[1,2] x) => (float[1,2] y) { y = Neg(x) }";
  EXPECT_EQ(
      mismatch(model, "g (float[1,2] x) => (float[1,2] z) { z = Neg(x) }"),
      "output \"y\" of the float model is not in the quantized one, which has \"z\": they are "
      "not two forms of one model");
  EXPECT_EQ(mismatch(model, "g (float[1,2] x, float[1,2] w) => (float[1,2] y) { y = Add(x, w) }"),
            "input \"w\" of the quantized model is not in the float one, which has \"x\": they are "
            "not two forms of one model");
  EXPECT_EQ(mismatch(model, "g (float[1,3] x) => (float[1,3] y) { y = Neg(x) }"),
            "input \"x\" is float [1, 2] in the float model and float [1, 3] in the quantized one");
  EXPECT_EQ(
      mismatch(model, "g (float[1,2] x) => (int32[1,2] y) { y = Cast<to = 6>(x) }"),
      "output \"y\" is float [1, 2] in the float model and int32 [1, 2] in the quantized one");
  EXPECT_EQ(mismatch(model, "g (float[N,2] x) => (float[N,2] y) { y = Neg(x) }"), "measured");
}

}  // namespace
}  // namespace zp
