#include "zeropoint/kernels/pack4.h"

#include <gtest/gtest.h>

#include <vector>

#include "zeropoint/kernels/test_targets.h"

namespace zp::kernels {
namespace {

class Pack4 : public OnEachTarget {};
INSTANTIATE_ON_EACH_TARGET(Pack4);

// ONNX: "the first element in the 4 least significant bits".
TEST_P(Pack4, PutsTheFirstOfAPairInTheLowHalf) {
  std::vector<uint8_t> packed(2);
  ASSERT_TRUE(pack4<uint8_t>(std::vector<uint8_t>{1, 2, 15}, packed));
  EXPECT_EQ(packed, (std::vector<uint8_t>{0x21, 0x0f}));
  ASSERT_TRUE(pack4<int8_t>(std::vector<int8_t>{-8, 7, -1}, packed));
  EXPECT_EQ(packed, (std::vector<uint8_t>{0x78, 0x0f}));
}

template <class Code>
void expect_round_trips(int lowest) {
  for (size_t count = 0; count < 300; ++count) {
    std::vector<Code> codes(count);
    for (size_t i = 0; i < count; ++i) {
      codes[i] = static_cast<Code>(lowest + static_cast<int>((i * 7 + i / 16) % 16));
    }
    std::vector<uint8_t> packed((count + 1) / 2);
    ASSERT_TRUE(pack4<Code>(codes, packed));
    for (size_t i = 0; i < count; ++i) {
      ASSERT_EQ(packed[i / 2] >> (i % 2 * 4) & 15, codes[i] & 15) << i << " of " << count;
    }
    std::vector<Code> back(count);
    ASSERT_TRUE(unpack4<Code>(packed, back));
    ASSERT_EQ(back, codes);
  }
}

TEST_P(Pack4, RoundTripsEveryCodeAtEveryLength) {
  expect_round_trips<uint8_t>(0);
  expect_round_trips<int8_t>(-8);
}

TEST_P(Pack4, NamesTheCodeThatDoesNotFitWhereverItLies) {
  for (size_t at = 0; at < 301; ++at) {
    std::vector<uint8_t> packed(151);
    std::vector<uint8_t> codes(301);
    codes[at] = 16;
    EXPECT_EQ(pack4<uint8_t>(codes, packed).error().message,
              "pack4: code 16 at index " + std::to_string(at) + ": expected one in [0, 15]");
    for (const int8_t outside : {int8_t{8}, int8_t{-9}, int8_t{127}, int8_t{-128}}) {
      std::vector<int8_t> signed_codes(301);
      signed_codes[at] = outside;
      EXPECT_FALSE(pack4<int8_t>(signed_codes, packed));
    }
  }
}

TEST(Pack4Errors, SayHowManyBytesAreNeeded) {
  std::vector<uint8_t> packed(2);
  EXPECT_EQ(pack4<uint8_t>(std::vector<uint8_t>(5), packed).error().message,
            "pack4: 5 codes take 3 bytes, but 2 are given");
  std::vector<uint8_t> codes(5);
  EXPECT_EQ(unpack4<uint8_t>(packed, codes).error().message,
            "unpack4: 5 codes take 3 bytes, but 2 are given");
}

}  // namespace
}  // namespace zp::kernels
