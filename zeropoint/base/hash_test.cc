#include "zeropoint/base/hash.h"

#include <gtest/gtest.h>

#include <string_view>

namespace zp {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// The expected digits come from the xxhsum tool, `printf TEXT | xxhsum -H128`.
TEST(Hash, IsXxh3Of128Bits) {
  EXPECT_EQ(hash_bytes({}).hex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hash_bytes(bytes_of("zeropoint")).hex(), "91dce4c0ac994b39bbbef35f0b16c72a");
}

TEST(Hash, OfPiecesIsTheHashOfTheWhole) {
  const std::string text(5000, 'z');
  const std::string_view whole = text;
  for (const size_t cut : {size_t{0}, size_t{1}, size_t{256}, size_t{4999}, size_t{5000}}) {
    Hasher hasher;
    hasher.update(bytes_of(whole.substr(0, cut)));
    hasher.update(bytes_of(whole.substr(cut)));
    EXPECT_EQ(hasher.digest(), hash_bytes(bytes_of(whole))) << "cut at " << cut;
  }
}

TEST(Hash, MayBeReadBetweenPieces) {
  Hasher hasher;
  EXPECT_EQ(hasher.digest(), hash_bytes({}));
  hasher.update(bytes_of("zero"));
  EXPECT_EQ(hasher.digest(), hash_bytes(bytes_of("zero")));
  hasher.update(bytes_of("point"));
  EXPECT_EQ(hasher.digest(), hash_bytes(bytes_of("zeropoint")));
}

TEST(Hash, HexKeepsLeadingZeros) {
  EXPECT_EQ((Hash128{.high = 0xab, .low = 1}).hex(), "00000000000000ab0000000000000001");
}

}  // namespace
}  // namespace zp
