#include "zeropoint/quantizer/mask_values.h"

#include <gmock/gmock.h>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "tests/support/onnx_graphs.h"

namespace zp {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

class Masks {
 public:
  explicit Masks(std::string_view graph) : model_(model_of(graph)), index_(model_.graph()) {}

  Masks& see(const std::string& tensor, const std::vector<float>& values) {
    EXPECT_TRUE(observers_[tensor].observe(values));
    return *this;
  }
  std::optional<double> bound(const std::string& tensor) const {
    return mask_bound(model_.graph(), index_, *find_target("qnn").value(), tensor,
                      [&](const std::string& name) {
                        const auto found = observers_.find(name);
                        return found == observers_.end() ? nullptr : &found->second;
                      });
  }

 private:
  Model model_;
  GraphIndex index_;
  std::map<std::string, Observer> observers_;
};

constexpr const char* kSoftmax = "g (float[4] s) => (float[4] y) { y = Softmax(s) }";
constexpr const char* kAdd =
    "g (float[4] a, float[4] m) => (float[4] y) { s = Add(a, m) y = Softmax(s) }";

TEST(MaskBound, OfWhatSoftmaxReadsLies16BelowTheRest) {
  EXPECT_EQ(Masks(kSoftmax).see("s", {-1e9F, -5, 0, 7}).bound("s"), -5 - 16);
  EXPECT_EQ(Masks(kSoftmax).see("s", {-kInfinity, -5, 0, 7}).bound("s"), -5 - 16);
  EXPECT_EQ(Masks(kSoftmax).see("s", {std::numeric_limits<float>::lowest(), -5, 7}).bound("s"),
            -5 - 16);
  // -10000 and, where several masks were added, -20000.
  EXPECT_EQ(Masks(kSoftmax).see("s", {-20007, -10000, -9998, -5, 7}).bound("s"), -5 - 16);
}

TEST(MaskBound, OfAMaskLeavesRoomForWhatIsAdded) {
  EXPECT_EQ(Masks(kAdd).see("a", {-3, 4}).see("m", {0, -1e9F}).bound("m"), 0 - 7 - 16);
  // The scores themselves hold no mask.
  EXPECT_FALSE(Masks(kAdd).see("a", {-3, 4}).see("m", {0, -1e9F}).bound("a"));
}

// Softmax of x as float32 has it, in double.
std::vector<double> softmax(const std::vector<double>& x) {
  double sum = 0;
  for (const double value : x) sum += std::exp(value);
  std::vector<double> y;
  for (const double value : x) y.push_back(std::exp(value) / sum);
  return y;
}

TEST(MaskBound, ChangesNoProbabilityByMoreThanAStepOf16Bits) {
  const double bound = Masks(kAdd).see("a", {-3, 4}).see("m", {0, -1e9F}).bound("m").value();
  // The worst row: the masked scores are the highest, the other one is the lowest.
  const auto whole = softmax({-3, 4 - 1e9, 4 - 1e9, 4 - 1e9});
  const auto cut = softmax({-3, 4 + bound, 4 + bound, 4 + bound});
  for (size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(whole[i], cut[i], 1.0 / 65536);
}

TEST(MaskBound, GoesByTheWidestOfSeveralWays) {
  Masks masks(R"(g (float[4] a, float[4] b, float[4] m) => (float[4] y, float[4] z) {
    n = Slice(m, from, to) s = Add(a, n) t = Add(n, b) y = Softmax(s)
    u = Reshape(t, shape) z = Softmax(u)
    from = Constant<value_ints = [0]>() to = Constant<value_ints = [4]>()
    shape = Constant<value_ints = [4]>()
  })");
  masks.see("a", {-1, 1}).see("b", {-20, 10}).see("m", {0, -kInfinity});
  EXPECT_EQ(masks.bound("m"), -30 - 16);
}

TEST(MaskBound, ABiasBetweenCounts) {
  Masks masks(R"(g (float[4] a, float[4] bias, float[4] m) => (float[4] y) {
    s = Add(a, m) t = Add(s, bias) y = Softmax(t)
  })");
  masks.see("a", {-3, 4}).see("m", {0, -1e9F}).see("bias", {-1, 1}).see("s", {-1e9F, -3, 4});
  EXPECT_EQ(masks.bound("m"), -7 - 2 - 16);
  EXPECT_EQ(masks.bound("s"), -3 - 2 - 16);
}

TEST(MaskBound, NeedsAGapThatSoftmaxCannotLookAcross) {
  EXPECT_FALSE(Masks(kSoftmax).see("s", {-60, -50, -40, -30, -20, -10, 0}).bound("s"));
  // Not low enough to be a mask, whatever the gap.
  EXPECT_FALSE(Masks(kSoftmax).see("s", {-40, 0, 5}).bound("s"));
  // One high score is no reason to give the others up.
  EXPECT_FALSE(Masks(kSoftmax).see("s", {-5, 0, 5, 1000}).bound("s"));
  // -100 is no mask where scores differ by 120.
  EXPECT_FALSE(
      Masks(kAdd).see("a", {-60, -46, -30, -15, 0, 15, 30, 45, 60}).see("m", {0, -100}).bound("m"));
  EXPECT_EQ(Masks(kAdd).see("a", {-5, 5}).see("m", {0, -100}).bound("m"), -10 - 16);
}

TEST(MaskBound, IsForWhatLeadsToSoftmaxAlone) {
  Masks read("g (float[4] s) => (float[4] y, float[4] z) { y = Softmax(s) z = Neg(s) }");
  EXPECT_FALSE(read.see("s", {-1e9F, 0}).bound("s"));
  Masks output("g (float[4] a) => (float[4] y, float[4] s) { s = Neg(a) y = Softmax(s) }");
  EXPECT_FALSE(output.see("s", {-1e9F, 0}).bound("s"));
  Masks unknown(kAdd);
  EXPECT_FALSE(unknown.see("m", {-1e9F, 0}).bound("m")) << "nothing is known of the scores";
  EXPECT_FALSE(Masks(kSoftmax).see("s", {-kInfinity}).bound("s")) << "nothing finite was seen";
}

}  // namespace
}  // namespace zp
