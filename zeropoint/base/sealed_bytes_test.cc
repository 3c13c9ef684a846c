#include "zeropoint/base/sealed_bytes.h"

#include <gmock/gmock.h>

#include <cstring>
#include <string>

namespace zp {
namespace {

using ::testing::HasSubstr;

constexpr SealedFormat kFormat{.magic = "ZPTESTED", .version = 2, .what = "a test"};

std::vector<std::byte> sealed() {
  ByteWriter writer;
  writer.put(uint16_t{0x0201});
  writer.put(1.0F);
  return seal(kFormat, 7, writer.bytes());
}

std::string error_of(std::span<const std::byte> bytes) {
  const auto unsealed = unseal(kFormat, bytes);
  return unsealed ? "unsealed" : unsealed.error().message;
}

TEST(SealedBytes, GiveBackTheirContents) {
  const auto bytes = sealed();
  // The length 8 + 4 + 4 + 8 + 6 + 16, little-endian, and the contents.
  EXPECT_EQ(bytes.size(), 46U);
  EXPECT_EQ(
      std::memcmp(bytes.data(), "ZPTESTED\2\0\0\0\7\0\0\0\x2e\0\0\0\0\0\0\0\1\2\0\0\x80\x3f", 30),
      0);
  const auto unsealed = unseal(kFormat, bytes);
  ASSERT_TRUE(unsealed) << unsealed.error().message;
  EXPECT_EQ(unsealed->version, 2U);
  EXPECT_EQ(unsealed->kind, 7U);
  ByteReader reader(unsealed->contents);
  EXPECT_EQ(reader.get<uint16_t>(), 0x0201);
  EXPECT_EQ(reader.get_float(), 1.0F);
  EXPECT_EQ(reader.left(), 0U);
}

TEST(SealedBytes, RefuseEveryFlippedBitAndEveryTruncation) {
  const auto bytes = sealed();
  for (size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(unseal(kFormat, std::span(bytes).first(i)));
    for (int bit = 0; bit < 8; ++bit) {
      auto damaged = bytes;
      damaged[i] ^= std::byte(1 << bit);
      EXPECT_FALSE(unseal(kFormat, damaged)) << "byte " << i << " bit " << bit;
    }
  }
}

TEST(SealedBytes, SayWhatIsWrong) {
  EXPECT_EQ(error_of({}), "not a test: the bytes do not begin with \"ZPTESTED\"");
  auto bytes = sealed();
  EXPECT_EQ(error_of(std::span(bytes).first(20)), "cut off: 20 bytes, the header alone has 24");
  EXPECT_EQ(error_of(std::span(bytes).first(45)), "cut off: 45 bytes, expected 46");
  bytes.push_back({});
  EXPECT_EQ(error_of(bytes), "bytes added: 47 bytes, expected 46");
  bytes.pop_back();
  bytes[26] ^= std::byte{1};
  EXPECT_EQ(error_of(bytes), "damaged: the checksum does not fit the contents");
  bytes[8] = std::byte{3};
  EXPECT_THAT(error_of(bytes), HasSubstr("written in version 3, newer than the version 2"));
}

TEST(ByteReader, GivesZerosBeyondTheEnd) {
  const auto bytes = std::as_bytes(std::span("abc", 3));
  ByteReader reader(bytes);
  EXPECT_EQ(reader.get<uint8_t>(), 'a');
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.get<uint32_t>(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.get<uint8_t>(), 0U);
  EXPECT_TRUE(reader.get_bytes(UINT64_MAX).empty());
}

}  // namespace
}  // namespace zp
