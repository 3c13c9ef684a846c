#include "zeropoint/data/zip.h"

#include <algorithm>

#include "zeropoint/data/inflate.h"
#include "zeropoint/data/test_files.h"

namespace zp {
namespace {

using ::testing::HasSubstr;

constexpr size_t kEndSize = 22;

void put(std::vector<std::byte>& bytes, size_t at, uint64_t value, size_t width) {
  for (size_t i = 0; i < width; ++i) bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
}
uint64_t get(const std::vector<std::byte>& bytes, size_t at, size_t width) {
  uint64_t value = 0;
  for (size_t i = width; i-- > 0;) value = value << 8 | static_cast<uint64_t>(bytes[at + i]);
  return value;
}
// Where the directory begins: offset 16 of the record at the end.
size_t directory_of(const std::vector<std::byte>& zip) {
  return static_cast<size_t>(get(zip, zip.size() - kEndSize + 16, 4));
}

// "123456789" is the usual test text of checksums; its CRC-32 is cbf43926.
TEST(Checksum, IsTheCrcOfZipAndPng) { EXPECT_EQ(checksum(bytes_of("123456789")), 0xcbf43926U); }

TEST(Zip, Zip64RecordsReplaceTheFieldsThatPointToThem) {
  auto zip = fixture_bytes("stored.npz");
  const size_t end = zip.size() - kEndSize;
  const uint64_t size = get(zip, end + 12, 4);
  const uint64_t offset = get(zip, end + 16, 4);
  // APPNOTE 4.3.14 and 4.3.15: the Zip64 end record and its locator, before the end record.
  std::vector<std::byte> records(56 + 20);
  put(records, 0, 0x06064b50, 4);
  put(records, 40, size, 8);
  put(records, 48, offset, 8);
  put(records, 56, 0x07064b50, 4);
  put(records, 64, end, 8);
  put(zip, end + 12, 0xffffffff, 4);
  put(zip, end + 16, 0xffffffff, 4);
  zip.insert(zip.begin() + static_cast<std::ptrdiff_t>(end), records.begin(), records.end());
  const auto members = read_zip_directory(bytes_in_memory(zip));
  ASSERT_TRUE(members) << members.error().message;
  ASSERT_EQ(members->size(), 3U);
  EXPECT_EQ((*members)[1].name, "b.npy");
  EXPECT_TRUE(read_zip_member(bytes_in_memory(zip), (*members)[1]));
}

TEST(Zip, EncryptedMembersAndOtherMethodsAreNamed) {
  auto zip = fixture_bytes("stored.npz");
  const size_t entry = directory_of(zip);
  put(zip, entry + 10, 14, 2);
  EXPECT_THAT(message(read_zip_directory(bytes_in_memory(zip))),
              HasSubstr("\"a.npy\" is compressed by zip's method 14"));
  put(zip, entry + 8, 1, 2);
  EXPECT_THAT(message(read_zip_directory(bytes_in_memory(zip))),
              HasSubstr("\"a.npy\" is encrypted"));
}

TEST(Zip, ASizeThatTheBytesCannotUnpackToIsRefused) {
  auto zip = fixture_bytes("deflated.npz");
  put(zip, directory_of(zip) + 24, 0xfffffff0, 4);
  EXPECT_THAT(message(read_zip_directory(bytes_in_memory(zip))),
              HasSubstr("\"a.npy\" is said to hold 4294967280 bytes in"));
}

TEST(Zip, PartsOfADeflatedMemberEqualThoseOfTheWhole) {
  const auto zip = fixture_bytes("deflated.npz");
  const ByteSource archive = bytes_in_memory(zip);
  const ZipMember member = read_zip_directory(archive).value()[1];
  const auto whole = read_zip_member(archive, member).value();
  const ByteSource source = open_zip_member(archive, member).value();
  ASSERT_EQ(whole.size(), 128U + 24 * 8);
  for (size_t begin = 0; begin < whole.size(); begin += 13) {
    const auto part = read_bytes(source, begin, whole.size() - begin).value();
    EXPECT_TRUE(std::ranges::equal(part, std::span(whole).subspan(begin))) << begin;
  }
}

// A member of 1 MB with its bytes in stored blocks of deflate (RFC 1951, 3.2.4), in an archive.
std::vector<std::byte> large_archive(uint32_t wrong_by = 0) {
  std::vector<std::byte> bytes(1 << 20);
  for (size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::byte>(i * 2654435761U >> 24);
  std::vector<std::byte> deflated;
  for (size_t begin = 0; begin < bytes.size(); begin += 1 << 15) {
    const bool last = begin + (1 << 15) == bytes.size();
    for (const int byte : {last ? 1 : 0, 0x00, 0x80, 0xff, 0x7f}) {
      deflated.push_back(static_cast<std::byte>(byte));
    }
    deflated.insert(deflated.end(), bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                    bytes.begin() + static_cast<std::ptrdiff_t>(begin + (1 << 15)));
  }
  const size_t directory = 31 + deflated.size();
  std::vector<std::byte> zip(directory + 46 + 1 + kEndSize);
  put(zip, 0, 0x04034b50, 4);
  put(zip, 26, 1, 2);
  zip[30] = std::byte{'a'};
  std::ranges::copy(deflated, zip.begin() + 31);
  put(zip, directory, 0x02014b50, 4);
  put(zip, directory + 10, 8, 2);
  put(zip, directory + 16, checksum(bytes) + wrong_by, 4);
  put(zip, directory + 20, static_cast<uint32_t>(deflated.size()), 4);
  put(zip, directory + 24, static_cast<uint32_t>(bytes.size()), 4);
  put(zip, directory + 28, 1, 2);
  zip[directory + 46] = std::byte{'a'};
  const size_t end = directory + 47;
  put(zip, end, 0x06054b50, 4);
  put(zip, end + 12, 47, 4);
  put(zip, end + 16, static_cast<uint32_t>(directory), 4);
  return zip;
}

TEST(Zip, ALargeDeflatedMemberIsUnpackedOnceHoweverOftenItIsRead) {
  const auto zip = large_archive();
  uint64_t read = 0;
  const ByteSource counted{zip.size(), [&](uint64_t offset, std::span<std::byte> into) {
                             read += into.size();
                             return bytes_in_memory(zip).read(offset, into);
                           }};
  const ZipMember member = read_zip_directory(counted).value()[0];
  const auto whole = read_zip_member(counted, member).value();
  const ByteSource source = open_zip_member(counted, member).value();
  read = 0;
  // From the end to the beginning, as threads that come in any order may do.
  for (uint64_t begin = whole.size() - 4096; begin > (1 << 16); begin -= 4096) {
    const auto part = read_bytes(source, begin, 4096).value();
    ASSERT_TRUE(std::ranges::equal(part, std::span(whole).subspan(begin, 4096))) << begin;
  }
  EXPECT_LE(read, member.stored_size);
}

TEST(Zip, AWrongChecksumIsFoundWhenAPartIsRead) {
  const auto zip = large_archive(1);
  const ByteSource archive = bytes_in_memory(zip);
  const ByteSource source =
      open_zip_member(archive, read_zip_directory(archive).value()[0]).value();
  EXPECT_THAT(message(read_bytes(source, 1 << 17, 16)),
              HasSubstr("\"a\": damaged: its checksum is wrong"));
}

}  // namespace
}  // namespace zp
