#include "zeropoint/numerics/int_type.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace zp {
namespace {

TEST(IntType, SignedOfBBitsHasTwosComplementCodes) {
  for (int bits = 2; bits <= 16; ++bits) {
    const IntType type = *IntType::make(bits, Signedness::kSigned);
    EXPECT_EQ(type.codes().qmin, -std::exp2(bits - 1)) << bits;
    EXPECT_EQ(type.codes().qmax, std::exp2(bits - 1) - 1) << bits;
    EXPECT_EQ(type.middle(), 0) << bits;
  }
}

TEST(IntType, UnsignedOfBBitsHasCodesFromZero) {
  for (int bits = 2; bits <= 16; ++bits) {
    const IntType type = *IntType::make(bits, Signedness::kUnsigned);
    EXPECT_EQ(type.codes().qmin, 0) << bits;
    EXPECT_EQ(type.codes().qmax, std::exp2(bits) - 1) << bits;
    EXPECT_EQ(type.middle(), std::exp2(bits - 1)) << bits;
  }
}

TEST(IntType, NarrowRangeDropsTheLowestCodeAlone) {
  EXPECT_EQ(IntType::kInt8.codes(NarrowRange::kYes), (CodeRange{-127, 127}));
  EXPECT_EQ(IntType::kUint8.codes(NarrowRange::kYes), (CodeRange{1, 255}));
  EXPECT_EQ(IntType::kInt2.codes(NarrowRange::kYes), (CodeRange{-1, 1}));
  EXPECT_EQ(IntType::kUint16.codes(NarrowRange::kYes), (CodeRange{1, 65535}));
}

TEST(IntType, BiasHasAllOfInt32) {
  using Limits = std::numeric_limits<int32_t>;
  EXPECT_EQ(IntType::make(32, Signedness::kSigned), IntType::kInt32);
  EXPECT_EQ(IntType::kInt32.codes(), (CodeRange{Limits::min(), Limits::max()}));
  EXPECT_EQ(IntType::kInt32.codes(NarrowRange::kYes), (CodeRange{-Limits::max(), Limits::max()}));
  EXPECT_EQ(IntType::kInt32.codes().steps(), 4294967295);
  EXPECT_EQ(IntType::kInt32.middle(), 0);
}

TEST(IntType, StepsAreOneLessThanCodes) {
  EXPECT_EQ(IntType::kUint8.codes().steps(), 255);
  EXPECT_EQ(IntType::kInt8.codes(NarrowRange::kYes).steps(), 254);
  // Three signed bits: 7 affine steps, 6 symmetric narrow ones.
  const IntType int3 = *IntType::make(3, Signedness::kSigned);
  EXPECT_EQ(int3.codes().steps(), 7);
  EXPECT_EQ(int3.codes(NarrowRange::kYes).steps(), 6);
}

TEST(IntType, ContainsExactlyItsCodes) {
  const CodeRange codes = IntType::kInt4.codes();
  for (int64_t code = -20; code <= 20; ++code) {
    EXPECT_EQ(codes.contains(code), -8 <= code && code <= 7) << code;
  }
  EXPECT_FALSE(IntType::kInt32.codes().contains(int64_t{1} << 31));
}

TEST(IntType, ParsesTheNameItPrints) {
  for (const Signedness signedness : {Signedness::kSigned, Signedness::kUnsigned}) {
    for (int bits = 2; bits <= 16; ++bits) {
      const IntType type = *IntType::make(bits, signedness);
      EXPECT_EQ(type.name(), fmt::format("{}int{}", type.is_signed() ? "" : "u", bits));
      EXPECT_EQ(IntType::parse(type.name()), type);
    }
  }
  EXPECT_EQ(IntType::kInt32.name(), "int32");
  EXPECT_EQ(IntType::parse("int32"), IntType::kInt32);
}

TEST(IntType, RefusesNamesThatItWouldNotPrint) {
  for (const char* name : {"", "u", "int", "uint", "8", "float", "int8 ", " int8", "Int8", "int-8",
                           "uint+8", "int08", "int0", "int8x", "int99999999999999"}) {
    const auto type = IntType::parse(name);
    ASSERT_FALSE(type) << name;
    EXPECT_EQ(type.error().message,
              fmt::format("type \"{}\": expected int2 to int16, uint2 to uint16, or int32", name));
  }
}

TEST(IntType, RefusesOtherNumbersOfBits) {
  for (const int bits : {-3, 0, 1, 17, 31, 33, 64}) {
    EXPECT_EQ(IntType::make(bits, Signedness::kSigned).error().message,
              fmt::format("integer type of {} bits (signed): expected 2 to 16 bits, or 32 signed "
                          "for a bias",
                          bits));
  }
  EXPECT_EQ(IntType::make(32, Signedness::kUnsigned).error().message,
            "integer type of 32 bits (unsigned): expected 2 to 16 bits, or 32 signed for a bias");
  EXPECT_EQ(IntType::parse("int64").error().message,
            "integer type of 64 bits (signed): expected 2 to 16 bits, or 32 signed for a bias");
  EXPECT_EQ(IntType::parse("uint1").error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace zp
