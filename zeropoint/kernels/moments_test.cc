#include "zeropoint/kernels/moments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <random>
#include <vector>

#ifdef __SSE__
#include <xmmintrin.h>
#endif

#include "zeropoint/kernels/test_samples.h"
#include "zeropoint/kernels/test_targets.h"

namespace zp::kernels {
namespace {

class MomentsKernel : public OnEachTarget {};
INSTANTIATE_ON_EACH_TARGET(MomentsKernel);

constexpr float kMax = std::numeric_limits<float>::max();

Moments by_definition(std::span<const float> x) {
  Moments moments;
  for (const float value : x) {
    moments.sum.add(value);
    moments.sum_of_squares.add_square(value);
  }
  return moments;
}

Moments moments_of(std::span<const float> x) {
  Moments moments;
  add_moments(x, moments);
  return moments;
}

TEST_P(MomentsKernel, EqualTheExactSumsOnEveryExponentMixed) {
  auto x = stratified_floats(1);
  ASSERT_GE(x.size(), size_t{1} << 22);
  std::shuffle(x.begin(), x.end(), std::mt19937(2));
  EXPECT_EQ(moments_of(x), by_definition(x));
}

TEST_P(MomentsKernel, EqualTheExactSumsOnNeighbouringExponents) {
  // In order of the bits: windows that one exponent fills, and their seams.
  const auto x = stratified_floats(3);
  std::mt19937 random(4);
  for (size_t begin = 0; begin < x.size();) {
    const size_t count = std::min<size_t>(1 + random() % 20000, x.size() - begin);
    const auto part = std::span(x).subspan(begin, count);
    ASSERT_EQ(moments_of(part), by_definition(part)) << begin << " " << count;
    begin += count;
  }
}

TEST_P(MomentsKernel, EqualTheExactSumsWhereAWindowIsFullestAndWhereItEnds) {
  // Every block of the largest magnitudes an exponent has, with one element 17 to 20 octaves below:
  // the bounds of the window hold with equality or are left.
  for (int exponent = -126; exponent <= 127; ++exponent) {
    const float largest = std::ldexp(0x1.fffffep0f, exponent);
    for (int below = 17; below <= 20; ++below) {
      std::vector<float> x(1024, largest);
      for (size_t i = 0; i < x.size(); i += 3) {
        x[i] = std::ldexp(i % 2 == 0 ? 0x1.fffffep0f : 1.0f, exponent - below);
      }
      ASSERT_EQ(moments_of(x), by_definition(x)) << exponent << " " << below;
      for (size_t i = 0; i < x.size(); ++i) x[i] = i % 2 == 0 ? x[i] : -x[i];
      ASSERT_EQ(moments_of(x), by_definition(x)) << exponent << " " << below;
    }
    const std::vector<float> full(1024, -largest);
    ASSERT_EQ(moments_of(full), by_definition(full)) << exponent;
  }
}

TEST_P(MomentsKernel, EqualTheExactSumsForEveryTailAndMisalignment) {
  std::mt19937 random(6);
  std::vector<float> x(1400);
  for (float& value : x) value = std::bit_cast<float>(static_cast<uint32_t>(random()));
  std::vector<float> near_one(1400);
  for (float& value : near_one) value = static_cast<float>(random()) * 0x1p-31f - 1;
  for (size_t begin = 0; begin < 17; ++begin) {
    for (size_t count = 0; count <= 1300; count += count < 100 || count > 1000 ? 1 : 37) {
      for (const auto& all : {std::span(x), std::span(near_one)}) {
        const auto part = all.subspan(begin, count);
        ASSERT_EQ(moments_of(part), by_definition(part)) << begin << " " << count;
      }
    }
  }
}

TEST_P(MomentsKernel, LoseNothingToCancellation) {
  std::vector<float> x;
  for (int i = 0; i < 5000; ++i) {
    x.insert(x.end(), {kMax, -kMax, 1.0f, 0x1p-149f, 1e-20f, -1.0f});
  }
  Moments expected;
  expected.sum.add(0x1p-149f, 5000);
  expected.sum.add(1e-20f, 5000);
  expected.sum_of_squares.add_square(kMax, 10000);
  expected.sum_of_squares.add_square(1.0f, 10000);
  expected.sum_of_squares.add_square(0x1p-149f, 5000);
  expected.sum_of_squares.add_square(1e-20f, 5000);
  EXPECT_EQ(moments_of(x), expected);
}

TEST_P(MomentsKernel, AreTheSameInEveryRoundingMode) {
  auto x = stratified_floats(7);
  std::shuffle(x.begin(), x.end(), std::mt19937(8));
  const auto some = std::span(x).first(100000);
  const Moments expected = by_definition(some);
  const Moments expected_near_one = by_definition(std::vector<float>(5000, 1.2345f));
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    ASSERT_EQ(std::fesetround(mode), 0);
    const Moments moments = moments_of(some);
    const Moments near_one = moments_of(std::vector<float>(5000, 1.2345f));
    ASSERT_EQ(std::fesetround(FE_TONEAREST), 0);
    EXPECT_EQ(moments, expected);
    EXPECT_EQ(near_one, expected_near_one);
  }
}

#ifdef __SSE__
TEST_P(MomentsKernel, AreTheSameWhereSubnormalsAreFlushed) {
  const auto x = stratified_floats(9);
  const auto some = std::span(x).first(50000);
  const Moments expected = by_definition(some);
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040);  // flush to zero, denormals are zero
  const Moments moments = moments_of(some);
  _mm_setcsr(before);
  EXPECT_EQ(moments, expected);
}
#endif

TEST_P(MomentsKernel, AddToWhatIsThere) {
  const std::vector<float> x = {1.5f, -2.0f, 1e30f};
  Moments moments = moments_of(x);
  add_moments(x, moments);
  Moments twice = moments_of(x);
  twice.merge(moments_of(x));
  EXPECT_EQ(moments, twice);
}

}  // namespace
}  // namespace zp::kernels
