// Expected values: counted by hand.
#include "zeropoint/evaluate/macs.h"

#include <gmock/gmock.h>

#include "tests/support/onnx_text.h"

namespace zp {
namespace {

using ::testing::HasSubstr;

Model model_of(const std::string& text) {
  return Model::parse(onnx_model(text).SerializeAsString(), "model.onnx").value();
}

std::vector<NodeMacs> counts(const std::string& text,
                             const std::map<std::string, std::vector<int64_t>>& shapes = {}) {
  const Model model = model_of(text);
  return count_macs(model.graph(), infer_values_with(model, shapes).value());
}

TEST(Macs, OfAConvolutionInGroups) {
  // 8 x 8 positions, 6 output channels, 3 x 3 taps of 2 channels.
  const auto one = counts(R"(g (float[1,4,10,10] x, float[6,2,3,3] w) => (float[a,b,c,d] y)
    { y = Conv<group=2>(x, w) })");
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].macs, 8 * 8 * 6 * 3 * 3 * 2);
  EXPECT_EQ(one[0].kind, ProductKind::kActivations);
}

TEST(Macs, OfATransposedConvolution) {
  // Each of 5 x 5 x 4 inputs goes to 2 x 2 taps of 3 channels.
  EXPECT_EQ(counts(R"(g (float[1,4,5,5] x, float[4,3,2,2] w) => (float[a,b,c,d] y)
    { y = ConvTranspose<strides=[2,2]>(x, w) })")[0]
                .macs,
            5 * 5 * 4 * 2 * 2 * 3);
}

TEST(Macs, OfProducts) {
  EXPECT_EQ(
      counts("g (float[5,7] x, float[3,7] w) => (float[a,b] y) { y = Gemm<transB=1>(x, w) }")[0]
          .macs,
      5 * 7 * 3);
  EXPECT_EQ(
      counts("g (float[7,5] x, float[7,3] w) => (float[a,b] y) { y = Gemm<transA=1>(x, w) }")[0]
          .macs,
      5 * 7 * 3);
  EXPECT_EQ(
      counts("g (float[2,8,5,7] x, float[2,8,7,3] w) => (float[a,b,c,d] y) { y = MatMul(x, w) }")[0]
          .macs,
      2 * 8 * 5 * 7 * 3);
}

TEST(Macs, OfARecurrentLayer) {
  // 6 steps of 2 sequences; LSTM has 4 gates of 3 units that read 5 inputs and 3 states.
  const auto lstm =
      counts(R"(g (float[6,2,5] x, float[1,12,5] w, float[1,12,3] r) => (float[a,b,c,d] y)
    { y = LSTM<hidden_size=3>(x, w, r) })");
  EXPECT_EQ(lstm[0].macs, 6 * 2 * 4 * 3 * (5 + 3));
  EXPECT_EQ(lstm[0].kind, ProductKind::kRecurrent);
}

TEST(Macs, OpenDimensionsCountAsOneUntilTheyAreGiven) {
  const std::string text =
      "g (float[N,T,4] x) => (float[N,T,2] y) <float[4,2] w = {1,2,3,4,5,6,7,8}> { y = MatMul(x, "
      "w) }";
  EXPECT_EQ(counts(text)[0].macs, 4 * 2);
  EXPECT_EQ(counts(text, {{"x", {2, 10, 4}}})[0].macs, 2 * 10 * 4 * 2);
  EXPECT_EQ(counts(text)[0].kind, ProductKind::kWeights);
}

TEST(Macs, ShapesThatFitNoInputAreErrors) {
  const Model model = model_of("g (float[N,4] x) => (float[N,4] y) { y = Exp(x) }");
  EXPECT_THAT(infer_values_with(model, {{"z", {1, 4}}}).error().message,
              HasSubstr("no input \"z\""));
  EXPECT_THAT(infer_values_with(model, {{"x", {4}}}).error().message,
              HasSubstr("has 2 dimensions, got 1"));
}

TEST(Macs, BothFactorsMustBeCodesToCountAsInt8) {
  const auto is_int8 = [](const std::string& data, const std::string& weight) {
    return counts(R"(g (float[2,2] x, uint8[4] q) => (float[2,2] y)
      <float s = {1}, uint8 z = {0}, int8 wz = {0}, int8[2,2] w = {1,2,3,4}, int64[2] n = {2,2},
       float[2,2] f = {1,2,3,4}>
      { d = DequantizeLinear(q, s, z)  r = Reshape(d, n)  v = DequantizeLinear(w, s, wz)
        y = MatMul()" +
                  data + ", " + weight + ") }")[0]
        .is_int8;
  };
  EXPECT_TRUE(is_int8("r", "v"));
  EXPECT_FALSE(is_int8("x", "v"));
  EXPECT_FALSE(is_int8("r", "f"));
}

TEST(Macs, IntegerOperatorsCount) {
  const auto one = counts(R"(g (uint8[3,4] x, int8[4,5] w) => (int32[3,5] y)
    { y = MatMulInteger(x, w) })");
  EXPECT_EQ(one[0].macs, 3 * 4 * 5);
  EXPECT_TRUE(one[0].is_int8);
}

TEST(Macs, AShapeThatIsNotKnownIsSaid) {
  const auto one = counts(R"(g (float[4] x, int64[2] n, float[4,2] w) => (float[a] y)
    { r = Reshape(x, n)  c = ConvTranspose(r, w)  y = Exp(c) })");
  EXPECT_EQ(one[0].macs, 0);
  EXPECT_TRUE(one[0].is_unknown);
}

}  // namespace
}  // namespace zp
