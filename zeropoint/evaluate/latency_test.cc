#include "zeropoint/evaluate/latency.h"

#include <gtest/gtest.h>

#include "tests/support/onnx_text.h"

namespace zp {
namespace {

TEST(SpreadOf, GivesMedianAndQuartilesAsNumpyDoes) {
  // numpy.percentile([7, 1, 3, 9], [25, 50, 75]): 2.5, 5, 7.5
  EXPECT_EQ(spread_of({7, 1, 3, 9}), (Spread{2.5, 5, 7.5}));
  EXPECT_EQ(spread_of({5}), (Spread{5, 5, 5}));
}

TEST(Faster, IsWhatMostTurnsSay) {
  EXPECT_EQ(faster({.speedup = {1.1, 1.3, 1.4}}), Faster::kQuantized);
  EXPECT_EQ(faster({.speedup = {0.9, 1.3, 1.4}}), Faster::kUnclear);
  EXPECT_EQ(faster({.speedup = {0.6, 0.9, 1.1}}), Faster::kUnclear);
  EXPECT_EQ(faster({.speedup = {0.6, 0.8, 0.9}}), Faster::kReference);
}

Engine compiled(const std::string& text) {
  auto engine =
      Engine::compile({.path = "test.onnx", .bytes = onnx_model(text).SerializeAsString()}, {});
  EXPECT_TRUE(engine) << engine.error().message;
  return std::move(engine).value();
}

std::vector<NamedTensor> input() {
  return {{"x", Tensor::zeros(DataType::kFloat, Shape::make({1, 64, 32, 32}).value()).value()}};
}

TEST(MeasureLatency, FindsTheModelThatDoesMoreToBeSlower) {
  Engine more = compiled(R"(
    g (float[1,64,32,32] x) => (float[1,64,32,32] y)
    <float[1] zero = {0}>
    { shape = Constant<value_ints = [64, 64, 3, 3]>()  w = Expand(zero, shape)
      c = Conv<pads = [1, 1, 1, 1]>(x, w)  d = Conv<pads = [1, 1, 1, 1]>(c, w)
      y = Conv<pads = [1, 1, 1, 1]>(d, w) })");
  Engine less = compiled("g (float[1,64,32,32] x) => (float[1,64,32,32] y) { y = Neg(x) }");
  const auto latency = measure_latency(more, less, input(), {.seconds = 0.1});
  ASSERT_TRUE(latency) << latency.error().message;
  EXPECT_GE(latency->turns, kLeastTurns);
  EXPECT_GT(latency->reference_seconds.median, latency->quantized_seconds.median);
  EXPECT_GT(latency->quantized_seconds.low, 0);
  EXPECT_EQ(faster(*latency), Faster::kQuantized);
}

TEST(MeasureLatency, StopsWhereTheCallbackSaysSo) {
  Engine engine = compiled("g (float[1,64,32,32] x) => (float[1,64,32,32] y) { y = Neg(x) }");
  const auto latency =
      measure_latency(engine, engine, input(),
                      {.progress = [](const Progress&) { return ProgressAnswer::kCancel; }});
  ASSERT_FALSE(latency);
  EXPECT_EQ(latency.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace zp
