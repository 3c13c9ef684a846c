#include "zeropoint/base/sealed_bytes.h"

#include <fmt/format.h>

#include <algorithm>

#include "zeropoint/base/hash.h"

namespace zp {
namespace {

constexpr size_t kHeaderBytes = 24;
constexpr size_t kChecksumBytes = 16;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::vector<std::byte> checksum_of(std::span<const std::byte> bytes) {
  const Hash128 hash = hash_bytes(bytes);
  ByteWriter writer;
  writer.put(hash.high);
  writer.put(hash.low);
  return writer.bytes();
}

}  // namespace

std::vector<std::byte> seal(const SealedFormat& format, uint32_t kind,
                            std::span<const std::byte> contents) {
  ByteWriter writer;
  writer.put(bytes_of(format.magic));
  writer.put(format.version);
  writer.put(kind);
  writer.put(uint64_t{kHeaderBytes + contents.size() + kChecksumBytes});
  writer.put(contents);
  writer.put(checksum_of(writer.bytes()));
  return writer.bytes();
}

// The header is looked at first, so that the error is about the cause and not about a checksum.
Result<Unsealed> unseal(const SealedFormat& format, std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  if (!std::ranges::equal(reader.get_bytes(format.magic.size()), bytes_of(format.magic))) {
    return invalid_data(
        fmt::format("not {}: the bytes do not begin with \"{}\"", format.what, format.magic));
  }
  if (bytes.size() < kHeaderBytes) {
    return invalid_data(
        fmt::format("cut off: {} bytes, the header alone has {}", bytes.size(), kHeaderBytes));
  }
  Unsealed unsealed;
  unsealed.version = reader.get<uint32_t>();
  unsealed.kind = reader.get<uint32_t>();
  const auto length = reader.get<uint64_t>();
  if (unsealed.version > format.version) {
    return invalid_data(fmt::format(
        "written in version {}, newer than the version {} that is understood here: use a newer "
        "zeropoint",
        unsealed.version, format.version));
  }
  if (length != bytes.size()) {
    return invalid_data(fmt::format("{}: {} bytes, expected {}",
                                    bytes.size() < length ? "cut off" : "bytes added", bytes.size(),
                                    length));
  }
  if (bytes.size() < kHeaderBytes + kChecksumBytes) return invalid_data("cut off: no checksum");
  const auto sealed = bytes.first(bytes.size() - kChecksumBytes);
  if (!std::ranges::equal(checksum_of(sealed), bytes.last(kChecksumBytes))) {
    return invalid_data("damaged: the checksum does not fit the contents");
  }
  if (unsealed.version == 0) return invalid_data("version 0 does not exist");
  unsealed.contents = sealed.subspan(kHeaderBytes);
  return unsealed;
}

}  // namespace zp
