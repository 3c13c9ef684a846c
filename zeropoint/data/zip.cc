#include "zeropoint/data/zip.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "zeropoint/data/inflate.h"
#include "zeropoint/graph/spill_file.h"

namespace zp {
namespace {

// Signatures and fixed sizes of the records, APPNOTE 4.3.7, 4.3.12, 4.3.14 to 4.3.16.
constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint64_t kLocalHeaderSize = 30;
constexpr uint32_t kDirectoryEntry = 0x02014b50;
constexpr size_t kDirectoryEntrySize = 46;
constexpr uint32_t kEnd = 0x06054b50;
constexpr size_t kEndSize = 22;
constexpr uint32_t kEnd64Locator = 0x07064b50;
constexpr size_t kEnd64LocatorSize = 20;
constexpr uint32_t kEnd64 = 0x06064b50;
constexpr size_t kEnd64Size = 56;
constexpr uint64_t kMaxComment = 0xffff;
constexpr uint16_t kZip64Extra = 1;
// What is read of a deflated member without unpacking all of it.
constexpr uint64_t kLooked = uint64_t{1} << 16;
constexpr uint32_t kInZip64 = 0xffffffff;  // a field that says: look into the Zip64 record

using Bytes = std::span<const std::byte>;

// Little-endian integers; the caller has checked that they are there.
uint64_t integer(Bytes bytes, size_t offset, size_t width) {
  uint64_t value = 0;
  for (size_t i = width; i-- > 0;) value = value << 8 | static_cast<uint64_t>(bytes[offset + i]);
  return value;
}
uint16_t u16(Bytes bytes, size_t at) { return static_cast<uint16_t>(integer(bytes, at, 2)); }
uint32_t u32(Bytes bytes, size_t at) { return static_cast<uint32_t>(integer(bytes, at, 4)); }
uint64_t u64(Bytes bytes, size_t at) { return integer(bytes, at, 8); }

struct Directory {
  uint64_t offset = 0;
  uint64_t size = 0;
};

// The directory's place out of the records at the archive's end.
Result<Directory> find_directory(const ByteSource& archive) {
  const auto none = [] {
    return invalid_data("is no .npz (zip) file, or truncated: its directory is missing");
  };
  const uint64_t tail_size =
      std::min<uint64_t>(archive.size, kEndSize + kMaxComment + kEnd64LocatorSize);
  ZP_ASSIGN_OR_RETURN(const auto tail, read_bytes(archive, archive.size - tail_size, tail_size));
  if (tail.size() < kEndSize) return none();
  size_t end = tail.size() - kEndSize;
  while (u32(tail, end) != kEnd) {
    if (end-- == 0) return none();
  }
  Directory directory{.offset = u32(tail, end + 16), .size = u32(tail, end + 12)};
  const size_t locator = end - kEnd64LocatorSize;
  if (end >= kEnd64LocatorSize && u32(tail, locator) == kEnd64Locator) {
    ZP_ASSIGN_OR_RETURN(const auto end64, read_bytes(archive, u64(tail, locator + 8), kEnd64Size));
    if (u32(end64, 0) != kEnd64) return none();
    directory = {.offset = u64(end64, 48), .size = u64(end64, 40)};
  }
  return directory;
}

// Replaces the sizes that the fixed fields leave to the Zip64 extra field (APPNOTE 4.5.3: only
// those, in this order).
Status read_zip64(Bytes extra, ZipMember& member) {
  while (extra.size() >= 4) {
    const size_t length = u16(extra, 2);
    if (length > extra.size() - 4) break;
    if (u16(extra, 0) == kZip64Extra) {
      Bytes fields = extra.subspan(4, length);
      for (uint64_t* field : {&member.size, &member.stored_size, &member.header_offset}) {
        if (*field != kInZip64) continue;
        if (fields.size() < 8) return invalid_data("damaged: zip directory");
        *field = u64(fields, 0);
        fields = fields.subspan(8);
      }
      return {};
    }
    extra = extra.subspan(4 + length);
  }
  return {};
}

Status check(const ZipMember& member, uint16_t flags, uint16_t method) {
  if ((flags & 1) != 0) {
    return fail(ErrorCode::kUnsupported, fmt::format("\"{}\" is encrypted", member.name));
  }
  if (method != 0 && method != 8) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("\"{}\" is compressed by zip's method {}; stored and deflated are read",
                            member.name, method));
  }
  const bool possible = method == 0 ? member.size == member.stored_size
                                    : member.size / kMaxInflation <= member.stored_size;
  if (!possible) {
    return invalid_data(fmt::format("damaged: \"{}\" is said to hold {} bytes in {}", member.name,
                                    member.size, member.stored_size));
  }
  return {};
}

// Where the member's bytes begin: its local header repeats name and extra field.
Result<uint64_t> data_offset(const ByteSource& archive, const ZipMember& member) {
  ZP_ASSIGN_OR_RETURN(const auto header,
                      read_bytes(archive, member.header_offset, kLocalHeaderSize));
  if (u32(header, 0) != kLocalHeader) return invalid_data("damaged: zip member header");
  const uint64_t offset =
      member.header_offset + kLocalHeaderSize + u16(header, 26) + u16(header, 28);
  if (offset > archive.size || member.stored_size > archive.size - offset) {
    return invalid_data("truncated");
  }
  return offset;
}

ByteSource part_of(const ByteSource& source, uint64_t begin, uint64_t size) {
  return {size, [source, begin](uint64_t offset, std::span<std::byte> into) {
            return source.read(begin + offset, into);
          }};
}

tl::unexpected<Error> wrong_checksum(const ZipMember& member) {
  return invalid_data(fmt::format("damaged: the checksum of \"{}\" is wrong", member.name));
}

// A deflated member, read in parts from any thread.
class UnpackedMember {
 public:
  UnpackedMember(ByteSource stored, ZipMember member)
      : stored_(std::move(stored)), member_(std::move(member)) {}

  Status read(uint64_t begin, std::span<std::byte> into) {
    // Who looks at the header of an array may want no more of it.
    if (begin + into.size() <= kLooked) return inflate_part(stored_, begin, into);
    {
      const std::lock_guard lock(mutex_);
      if (!unpacked_) {
        ZP_ASSIGN_OR_RETURN(unpacked_, unpack());
      }
    }
    return unpacked_->read(begin, into);
  }

 private:
  Result<ByteSource> unpack() {
    ZP_ASSIGN_OR_RETURN(SpillFile created, SpillFile::create());
    const auto file = std::make_shared<SpillFile>(std::move(created));
    uint32_t sum = 0;
    ZP_RETURN_IF_ERROR(
        inflate_all(stored_, member_.size, [&](std::span<const std::byte> bytes) -> Status {
          sum = checksum(bytes, sum);
          const auto appended = file->append(bytes);
          return appended ? Status() : tl::unexpected<Error>(appended.error());
        }));
    if (sum != member_.crc32) return invalid_data("damaged: its checksum is wrong");
    return ByteSource{member_.size, [file](uint64_t offset, std::span<std::byte> into) {
                        return read_at(file->descriptor(), offset, into);
                      }};
  }

  ByteSource stored_;
  ZipMember member_;
  std::mutex mutex_;
  std::optional<ByteSource> unpacked_;  // set once
};

}  // namespace

Result<std::vector<ZipMember>> read_zip_directory(const ByteSource& archive) {
  ZP_ASSIGN_OR_RETURN(const Directory place, find_directory(archive));
  ZP_ASSIGN_OR_RETURN(const auto bytes, read_bytes(archive, place.offset, place.size));
  std::vector<ZipMember> members;
  Bytes rest = bytes;
  while (!rest.empty()) {
    if (rest.size() < kDirectoryEntrySize || u32(rest, 0) != kDirectoryEntry) {
      return invalid_data("damaged: zip directory");
    }
    const size_t name_size = u16(rest, 28);
    const size_t extra_size = u16(rest, 30);
    const size_t all = kDirectoryEntrySize + name_size + extra_size + u16(rest, 32);
    if (all > rest.size()) return invalid_data("damaged: zip directory");
    const Bytes name = rest.subspan(kDirectoryEntrySize, name_size);
    ZipMember member{
        .name = {reinterpret_cast<const char*>(name.data()), name.size()},
        .method = u16(rest, 10) == 0 ? ZipMethod::kStored : ZipMethod::kDeflated,
        .crc32 = u32(rest, 16),
        .stored_size = u32(rest, 20),
        .size = u32(rest, 24),
        .header_offset = u32(rest, 42),
    };
    ZP_RETURN_IF_ERROR(
        read_zip64(rest.subspan(kDirectoryEntrySize + name_size, extra_size), member));
    if (!member.name.ends_with('/')) {  // a folder
      ZP_RETURN_IF_ERROR(check(member, u16(rest, 8), u16(rest, 10)));
      members.push_back(std::move(member));
    }
    rest = rest.subspan(all);
  }
  return members;
}

Result<ByteSource> open_zip_member(const ByteSource& archive, const ZipMember& member) {
  const auto offset = data_offset(archive, member);
  if (!offset) {
    Error error = offset.error();
    return tl::unexpected<Error>(std::move(error).at(fmt::format("\"{}\"", member.name)));
  }
  ByteSource stored = part_of(archive, *offset, member.stored_size);
  if (member.method == ZipMethod::kStored) return stored;
  auto unpacked = std::make_shared<UnpackedMember>(std::move(stored), member);
  return ByteSource{
      member.size,
      [unpacked, name = member.name](uint64_t begin, std::span<std::byte> into) -> Status {
        auto status = unpacked->read(begin, into);
        if (status) return status;
        return tl::unexpected<Error>(std::move(status).error().at(fmt::format("\"{}\"", name)));
      }};
}

Result<std::vector<std::byte>> read_zip_member(const ByteSource& archive, const ZipMember& member) {
  const auto read = [&]() -> Result<std::vector<std::byte>> {
    ZP_ASSIGN_OR_RETURN(const uint64_t offset, data_offset(archive, member));
    const ByteSource stored = part_of(archive, offset, member.stored_size);
    if (member.method == ZipMethod::kStored) return read_bytes(stored, 0, stored.size);
    std::vector<std::byte> bytes(static_cast<size_t>(member.size));
    ZP_RETURN_IF_ERROR(inflate_part(stored, 0, bytes));
    return bytes;
  };
  auto bytes = read();
  if (!bytes) {
    return tl::unexpected<Error>(std::move(bytes).error().at(fmt::format("\"{}\"", member.name)));
  }
  if (checksum(*bytes) != member.crc32) return wrong_checksum(member);
  return bytes;
}

}  // namespace zp
