// Unpacking of deflated bytes (RFC 1951, without the frame of zlib or gzip) and zip's checksum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "zeropoint/base/error.h"
#include "zeropoint/data/byte_source.h"

namespace zp {

// One byte of deflate gives at most so many: 258 for 2 bits (zlib's technical notes).
inline constexpr uint64_t kMaxInflation = 1032;

// Fills `into` with the unpacked bytes from `offset` on; those before are unpacked and dropped.
// Errors: damaged data, and data that ends before (code kInvalidData).
Status inflate_part(const ByteSource& deflated, uint64_t offset, std::span<std::byte> into);

// The first `size` unpacked bytes, given to `take` in pieces. Errors as above, and those of `take`.
Status inflate_all(const ByteSource& deflated, uint64_t size,
                   const std::function<Status(std::span<const std::byte>)>& take);

// CRC-32 as zip and PNG use it, of bytes that follow on those whose checksum is `before`.
uint32_t checksum(std::span<const std::byte> bytes, uint32_t before = 0);

}  // namespace zp
