#include "zeropoint/evaluate/output_error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace zp {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

template <class T>
OutputView view(const std::vector<T>& elements, DataType type = data_type_of<T>()) {
  return {.type = type,
          .shape = Shape::make({static_cast<int64_t>(elements.size())}).value(),
          .bytes = std::as_bytes(std::span(elements))};
}

OutputError floats() { return {"y", ValueKind::kFloat}; }

void add(OutputError& error, int64_t sample, const std::vector<float>& x,
         const std::vector<float>& y) {
  const Status status = error.add(sample, view(x), view(y));
  ASSERT_TRUE(status) << status.error().message;
}

TEST(OutputError, IsSignalOverNoiseOfAllSamplesTogether) {
  OutputError error = floats();
  add(error, 0, {3, 4}, {3, 4.5});        // signal 25, noise 0.25
  add(error, 1, {-5, 0}, {-5.5, 0});      // signal 25, noise 0.25
  EXPECT_DOUBLE_EQ(error.sqnr_db(), 20);  // 10 log10(50 / 0.5)
  // 9 + 18 + 27.5 = 54.5 over the root of 50 * (9 + 20.25 + 30.25)
  EXPECT_DOUBLE_EQ(error.cosine(), 54.5 / std::sqrt(50 * 59.5));
  EXPECT_EQ(error.max_abs_difference(), 0.5);
  EXPECT_EQ(error.samples(), 2);
  EXPECT_EQ(error.elements(), 4);
}

TEST(OutputError, TheWorstSampleIsTheOneOfTheLowestRatioAndTheFirstOfEqualOnes) {
  OutputError error = floats();
  add(error, 7, {10}, {11});      // 20 dB
  add(error, 5, {1}, {2});        // 0 dB
  add(error, 3, {100}, {200});    // 0 dB
  add(error, 4, {1, 1}, {1, 1});  // exact
  EXPECT_EQ(error.worst(), (WorstSample{3, 0}));
}

TEST(OutputError, EqualValuesAreExact) {
  OutputError error = floats();
  EXPECT_EQ(error.worst(), std::nullopt);
  add(error, 0, {0, 0}, {0, -0.0F});
  EXPECT_EQ(error.sqnr_db(), kInf);
  EXPECT_EQ(error.cosine(), 1);
  add(error, 1, {1, 2}, {1, 2});
  add(error, 2, {}, {});
  EXPECT_EQ(error.sqnr_db(), kInf);
  EXPECT_EQ(error.cosine(), 1);
  EXPECT_EQ(error.max_abs_difference(), 0);
}

TEST(OutputError, SomethingOutOfNothingIsNoSignalAtAll) {
  OutputError error = floats();
  add(error, 0, {0, 0}, {0, 0.1F});
  EXPECT_EQ(error.sqnr_db(), -kInf);
  EXPECT_EQ(error.cosine(), 0);
}

TEST(OutputError, TheSameInfinityAndNanAreEqualAndEnterNoSum) {
  OutputError error = floats();
  add(error, 0, {10, kInf, -kInf, kNan}, {11, kInf, -kInf, kNan});
  EXPECT_DOUBLE_EQ(error.sqnr_db(), 20);
  EXPECT_EQ(error.equal_not_finite(), 3);
  EXPECT_EQ(error.destroyed(), 0);
  EXPECT_EQ(error.max_abs_difference(), 1);
}

TEST(OutputError, AnElementThatIsNotFiniteInOneOfTheTwoDestroysTheRatio) {
  const std::vector<std::pair<float, float>> pairs{{1, kNan}, {kNan, 1},     {-kInf, -3e38F},
                                                   {1, kInf}, {kInf, -kInf}, {kNan, kInf}};
  for (const auto& [x, y] : pairs) {
    OutputError error = floats();
    add(error, 2, {10, x}, {11, y});
    add(error, 1, {10, 1}, {1, 1});
    EXPECT_EQ(error.sqnr_db(), -kInf) << x << " " << y;
    EXPECT_EQ(error.destroyed(), 1);
    EXPECT_EQ(error.max_abs_difference(), kInf);
    EXPECT_EQ(error.worst(), (WorstSample{2, -kInf}));
    EXPECT_DOUBLE_EQ(error.finite_sqnr_db(), 10 * std::log10(201.0 / 82));
  }
}

TEST(OutputError, SamplesOfOtherShapesAreCountedApart) {
  OutputError error = floats();
  add(error, 0, {10}, {11});
  add(error, 1, {10, 10}, {10});
  EXPECT_DOUBLE_EQ(error.sqnr_db(), 20);
  EXPECT_EQ(error.samples(), 2);
  EXPECT_EQ(error.shape_mismatches(), 1);
  EXPECT_EQ(error.elements(), 1);
  EXPECT_EQ(error.worst(), (WorstSample{1, -kInf}));

  OutputError none = floats();
  add(none, 0, {10, 10}, {10});
  EXPECT_EQ(none.sqnr_db(), -kInf);
}

TEST(OutputError, OtherTypesAreComparedForEquality) {
  OutputError error("label", ValueKind::kOther);
  ASSERT_TRUE(error.add(0, view<int64_t>({7, 8, 9}), view<int64_t>({7, -8, 9})));
  ASSERT_TRUE(error.add(1, view<int64_t>({1}), view<int64_t>({256 * 256 + 1})));
  EXPECT_EQ(error.equal_share(), 0.5);
  EXPECT_EQ(error.worst(), (WorstSample{1, 0}));
  EXPECT_EQ(OutputError("none", ValueKind::kOther).equal_share(), 1);
}

TEST(OutputError, DoublesAndHalvesAreComparedAsFloat32) {
  OutputError error = floats();
  // 0x4900 is 10 and 0x4980 is 11 in float16.
  ASSERT_TRUE(error.add(0, view<uint16_t>({0x4900}, DataType::kFloat16),
                        view<uint16_t>({0x4980}, DataType::kFloat16)));
  ASSERT_TRUE(error.add(1, view<double>({10}), view<double>({11})));
  EXPECT_DOUBLE_EQ(error.sqnr_db(), 20);
}

TEST(OutputError, TypesThatDoNotFitAreAnError) {
  OutputError error = floats();
  const Status status = error.add(0, view<float>({1}), view<int8_t>({1}));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "value \"y\" is float in the float model and int8 in the quantized one");
  OutputError label("label", ValueKind::kOther);
  EXPECT_FALSE(label.add(0, view<int32_t>({1}), view<int64_t>({1})));
}

// Values of every size, the largest and the smallest floats among them.
std::vector<float> any_floats(std::mt19937& random, size_t count) {
  std::uniform_int_distribution<int> exponent(-149, 127);
  std::uniform_real_distribution<float> mantissa(-1.99F, 1.99F);
  std::vector<float> values(count);
  for (float& value : values) value = std::ldexp(mantissa(random), exponent(random));
  values[0] = std::numeric_limits<float>::max();
  values[1] = std::numeric_limits<float>::denorm_min();
  return values;
}

TEST(OutputError, AnySplitIntoAnyOrderGivesTheSame) {
  std::mt19937 random(1);
  OutputError whole = floats();
  OutputError odd = floats();
  OutputError even = floats();
  for (int64_t sample = 0; sample < 20; ++sample) {
    const auto x = any_floats(random, 37);
    auto y = any_floats(random, 37);
    y[0] = -x[0];
    if (sample == 13) y[4] = kNan;
    add(whole, sample, x, y);
    add(sample % 2 == 0 ? even : odd, sample, x, y);
  }
  odd.merge(even);
  EXPECT_EQ(odd, whole);
  // (2 max)^2 over max^2 in the first element outweighs all others.
  EXPECT_TRUE(std::isfinite(whole.finite_sqnr_db()));
}

TEST(OutputError, TheLargestAndTheSmallestFloatsNeitherOverflowNorVanish) {
  const float largest = std::numeric_limits<float>::max();
  OutputError large = floats();
  for (int64_t sample = 0; sample < 4; ++sample) {
    add(large, sample, {largest, largest}, {-largest, largest});
  }
  EXPECT_DOUBLE_EQ(large.sqnr_db(), 10 * std::log10(2.0 / 4));
  EXPECT_DOUBLE_EQ(large.cosine(), 0);

  const float smallest = std::numeric_limits<float>::denorm_min();
  OutputError small = floats();
  add(small, 0, {2 * smallest}, {smallest});
  EXPECT_DOUBLE_EQ(small.sqnr_db(), 10 * std::log10(4.0));
}

}  // namespace
}  // namespace zp
