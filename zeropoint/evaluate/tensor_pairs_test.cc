#include "zeropoint/evaluate/tensor_pairs.h"

#include <gmock/gmock.h>

#include "tests/support/onnx_text.h"

namespace zp {
namespace {

using ::testing::ElementsAre;

Model model(const std::string& text) {
  auto parsed = Model::parse(onnx_model(text).SerializeAsString(), "test.onnx");
  EXPECT_TRUE(parsed) << parsed.error().message;
  return std::move(parsed).value();
}

TensorPairs matched(const std::string& reference, const std::string& quantized) {
  auto pairs = match_tensors(model(reference), model(quantized));
  EXPECT_TRUE(pairs) << pairs.error().message;
  return std::move(pairs).value();
}

constexpr const char* kFloat = R"(
  g (float[N,2] x) => (float[N,2] y)
  { a = Neg(x)  b = Relu(a)  c = Exp(b)  y = Neg(c) })";

TEST(MatchTensors, TakesTheValueThatReadersSee) {
  // a keeps its name before its quantizer, as ONNX Runtime writes it; b became b_dequantized; c is
  // in float as it was.
  const TensorPairs pairs = matched(kFloat, R"(
    g (float[N,2] x) => (float[N,2] y) <float s = {0.5}, int8 z = {0}>
    { a = Neg(x)  aq = QuantizeLinear(a, s, z)  ad = DequantizeLinear(aq, s, z)
      b = Relu(ad)  bq = QuantizeLinear(b, s, z)  b_dequantized = DequantizeLinear(bq, s, z)
      c = Exp(b_dequantized)  y = Neg(c) })");
  EXPECT_THAT(pairs.pairs,
              ElementsAre(TensorPair{"a", "Neg", "ad"}, TensorPair{"b", "Relu", "b_dequantized"},
                          TensorPair{"c", "Exp", "c"}));
  EXPECT_EQ(pairs.unmatched, 0);
}

TEST(MatchTensors, CountsWhatTheQuantizedModelDoesNotHave) {
  const TensorPairs pairs =
      matched(kFloat, "g (float[N,2] x) => (float[N,2] y) { b = Abs(x)  y = Neg(b) }");
  EXPECT_THAT(pairs.pairs, ElementsAre(TensorPair{"b", "Relu", "b"}));
  EXPECT_EQ(pairs.unmatched, 2);
}

TEST(MatchTensors, LeavesOutConstantsAndIntegers) {
  const char* text = R"(
    g (float[N,2] x) => (float[N,2] y) <float[2] w = {1, 2}>
    { k = Constant<value_float = 3.0>()  l = Mul(k, w)  i = Cast<to = 7>(x)  f = Cast<to = 1>(i)
      y = Mul(f, l) })";
  const TensorPairs pairs = matched(text, text);
  EXPECT_THAT(pairs.pairs, ElementsAre(TensorPair{"f", "Cast", "f"}));
  EXPECT_EQ(pairs.unmatched, 0);
}

TEST(MatchTensors, ANameThatMeansIntegersInTheQuantizedModelIsNoMatch) {
  const TensorPairs pairs = matched("g (float[N,2] x) => (float[N,2] y) { a = Neg(x) y = Neg(a) }",
                                    R"(
    g (float[N,2] x) => (float[N,2] y) <float s = {0.5}, int8 z = {0}>
    { a = QuantizeLinear(x, s, z)  y = DequantizeLinear(a, s, z) })");
  EXPECT_TRUE(pairs.pairs.empty());
  EXPECT_EQ(pairs.unmatched, 1);
}

}  // namespace
}  // namespace zp
