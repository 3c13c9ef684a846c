#include "zeropoint/kernels/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "zeropoint/kernels/test_samples.h"

namespace zp::kernels {
namespace {

// The key from the meaning of the bits, as the C library sees them.
uint16_t key_by_meaning(float x) {
  const unsigned sign = std::signbit(x) ? 0x8000 : 0;
  if (std::isinf(x)) return static_cast<uint16_t>(sign | 0x7f80);
  if (x == 0) return static_cast<uint16_t>(sign);
  int exponent = 0;
  std::frexp(x, &exponent);  // |x| in [2^(exponent-1), 2^exponent)
  exponent = std::max(exponent, -125);
  // Bucket width 2^(exponent-8).
  const auto bucket =
      static_cast<unsigned>(std::floor(std::ldexp(std::abs(double{x}), 8 - exponent)));
  return static_cast<uint16_t>(sign | (static_cast<unsigned>(exponent + 125) * 128 + bucket));
}

TEST(Histogram, CountsEachKeyOfEveryExponent) {
  auto x = stratified_floats(1);
  ASSERT_GE(x.size(), size_t{1} << 22);
  std::shuffle(x.begin(), x.end(), std::mt19937(2));
  std::vector<uint64_t> expected(65536);
  for (const float value : x) {
    // A NaN's key is its payload's business.
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    ++expected[std::isnan(value) ? bits >> 16 : key_by_meaning(value)];
  }
  HistogramTable table;
  ASSERT_TRUE(table.add(x));
  EXPECT_EQ(table.elements(), x.size());
  for (size_t key = 0; key < expected.size(); ++key) {
    ASSERT_EQ(table.count(static_cast<uint16_t>(key)), expected[key]) << "key " << key;
  }
}

TEST(Histogram, CountsEveryTailAndMisalignment) {
  std::mt19937 random(6);
  std::vector<float> x(120);
  for (float& value : x) value = static_cast<float>(random() % 7);
  HistogramTable table;
  for (size_t begin = 0; begin < 17; ++begin) {
    for (size_t count = 0; count <= 100; ++count) {
      const auto part = std::span(x).subspan(begin, count);
      table.clear();
      ASSERT_TRUE(table.add(part));
      for (float value = 0; value < 8; ++value) {
        ASSERT_EQ(table.count(key_by_meaning(value)),
                  static_cast<uint64_t>(std::count(part.begin(), part.end(), value)));
      }
    }
  }
}

TEST(Histogram, DrainingAnOctaveMovesItsCountsAndNoOther) {
  HistogramTable table;
  ASSERT_TRUE(table.add(std::vector<float>{1.0f, 1.0f, 1.99f, 2.0f, -1.0f}));
  OctaveCounts counts{};
  counts[0] = 10;
  EXPECT_TRUE(table.drain(127, counts));  // [1, 2)
  EXPECT_EQ(counts[0], 12u);
  EXPECT_EQ(counts[126], 1u);  // 1.99 = 1 + 126.7/128
  EXPECT_FALSE(table.drain(127, counts));
  EXPECT_EQ(table.elements(), 2u);
  EXPECT_EQ(table.count(key_by_meaning(2.0f)), 1u);
  EXPECT_EQ(table.count(key_by_meaning(-1.0f)), 1u);
}

TEST(Histogram, RefusesMoreThanItsCountersHold) {
  HistogramTable table;
  const std::vector<float> one(1, 1.0f);
  ASSERT_TRUE(table.add(one));
  // The pages of such a span are never looked at: the length alone decides.
  const std::span<const float> too_many(one.data(), HistogramTable::kMaxElements);
  const Status status = table.add(too_many);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "histogram: 4294967295 elements after 1: at most 4294967295 fit its 32-bit counters; "
            "drain and clear it");
  EXPECT_EQ(table.elements(), 1u);
  table.clear();
  EXPECT_EQ(table.elements(), 0u);
  EXPECT_EQ(table.count(key_by_meaning(1.0f)), 0u);
}

}  // namespace
}  // namespace zp::kernels
