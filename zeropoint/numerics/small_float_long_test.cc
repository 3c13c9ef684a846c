// encode() over all 2^32 floats, against the walk through the midpoints of small_float_expected.h.
#include <gtest/gtest.h>

#include <bit>

#include "zeropoint/numerics/small_float_expected.h"

namespace zp {
namespace {

constexpr uint32_t kInfinityBits = 0x7F800000;
constexpr uint32_t kSignBit = 0x80000000;

double from_bits(uint32_t bits) { return double{std::bit_cast<float>(bits)}; }

class AllFloatsTest : public testing::TestWithParam<FormatRow> {};

TEST_P(AllFloatsTest, HaveTheNearestCode) {
  const FormatRow& row = GetParam();
  NearestCode nearest(row);
  for (uint32_t bits = 0; bits <= kInfinityBits; ++bits) {
    const uint32_t code = nearest.at(from_bits(bits));
    for (const Overflow overflow : {Overflow::kSaturate, Overflow::kToInfinity}) {
      for (const uint32_t sign : {uint32_t{0}, kSignBit}) {
        if (encode(row.format, from_bits(bits | sign), overflow) !=
            expected_code(row, code, sign != 0, overflow)) {
          FAIL() << from_bits(bits | sign) << " overflow " << static_cast<int>(overflow);
        }
      }
    }
  }
  for (uint32_t bits = kInfinityBits + 1; bits < kSignBit; ++bits) {
    for (const Overflow overflow : {Overflow::kSaturate, Overflow::kToInfinity}) {
      ASSERT_EQ(encode(row.format, from_bits(bits), overflow), row.positive_nan) << bits;
      ASSERT_EQ(encode(row.format, from_bits(bits | kSignBit), overflow), row.negative_nan) << bits;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, AllFloatsTest, testing::ValuesIn(format_rows()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(AllFloats, HaveTheirPowerOfTwoInFloat8e8m0) {
  uint32_t below = 0;
  for (uint32_t bits = 0; bits < kSignBit; ++bits) {
    const double x = from_bits(bits);
    while (below < 0xFE && x >= e8m0_values()[below + 1]) ++below;
    for (const Overflow overflow : {Overflow::kSaturate, Overflow::kToInfinity}) {
      for (const Rounding rounding : {Rounding::kNearestUp, Rounding::kUp, Rounding::kDown}) {
        for (const uint32_t sign : {uint32_t{0}, kSignBit}) {
          if (encode(kFloat8e8m0, from_bits(bits | sign), overflow, rounding) !=
              expected_e8m0(from_bits(bits | sign), below, overflow, rounding)) {
            FAIL() << from_bits(bits | sign) << " rounding " << static_cast<int>(rounding);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace zp
