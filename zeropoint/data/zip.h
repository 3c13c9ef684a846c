// Zip archives, as far as .npz files use them: members stored or deflated, Zip64 sizes.
// Format: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5; RFC 1951 for deflate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/data/byte_source.h"

namespace zp {

enum class ZipMethod { kStored, kDeflated };

struct ZipMember {
  std::string name;
  ZipMethod method = ZipMethod::kStored;
  uint32_t crc32 = 0;
  uint64_t stored_size = 0;  // in the archive
  uint64_t size = 0;         // unpacked
  uint64_t header_offset = 0;
};

// The files in the archive, in the order of its directory. Errors do not name the archive. Refused:
// what has no directory at its end (truncated, or no zip), encrypted members, other methods, and
// sizes that the bytes there cannot hold.
Result<std::vector<ZipMember>> read_zip_directory(const ByteSource& archive);

// The whole member, its checksum verified. Errors name the member.
Result<std::vector<std::byte>> read_zip_member(const ByteSource& archive, const ZipMember& member);

// The member as bytes of its own, to read a part. Of a stored one just these bytes are read, and
// the checksum is not verified. A deflated one is unpacked at the first read that goes beyond its
// first 64 KiB, once, into a file that goes with the source (in $TMPDIR or /var/tmp), its checksum
// verified. Errors name the member.
Result<ByteSource> open_zip_member(const ByteSource& archive, const ZipMember& member);

}  // namespace zp
