// Binary formats of our own: a header, contents, and a checksum over both.
//
//   8 bytes    the format's name, such as "ZPOBSERV"
//   u32        version
//   u32        kind, whatever the format means by it
//   u64        length of all the bytes, checksum included
//   contents
//   16 bytes   XXH3-128 of all before, high half first
//
// Integers are little-endian, floats are their IEEE bits, nothing is padded.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "zeropoint/base/error.h"

namespace zp {

class ByteWriter {
 public:
  template <std::unsigned_integral T>
  void put(T value) {
    for (size_t i = 0; i < sizeof(T); ++i) bytes_.push_back(std::byte(value >> (8 * i) & 0xff));
  }
  void put(float value) { put(std::bit_cast<uint32_t>(value)); }
  void put(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// Whoever reads beyond the end gets zeros, or no bytes, and ok() is false from then on.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  size_t left() const { return bytes_.size(); }
  bool ok() const { return ok_; }
  template <std::unsigned_integral T>
  T get() {
    T value = 0;
    const auto from = get_bytes(sizeof(T));
    for (size_t i = 0; i < from.size(); ++i) {
      value = static_cast<T>(value | static_cast<T>(static_cast<T>(from[i]) << (8 * i)));
    }
    return value;
  }
  float get_float() { return std::bit_cast<float>(get<uint32_t>()); }
  std::span<const std::byte> get_bytes(uint64_t count) {
    ok_ = ok_ && count <= bytes_.size();
    if (!ok_) return {};
    const auto taken = bytes_.first(static_cast<size_t>(count));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }

 private:
  std::span<const std::byte> bytes_;
  bool ok_ = true;
};

struct SealedFormat {
  std::string_view magic;  // 8 characters
  uint32_t version = 1;    // the newest one, which is written
  std::string_view what;   // for messages: "an observer"
};

std::vector<std::byte> seal(const SealedFormat& format, uint32_t kind,
                            std::span<const std::byte> contents);

struct Unsealed {
  uint32_t version = 0;  // from 1 to the format's
  uint32_t kind = 0;
  std::span<const std::byte> contents;  // a part of the bytes given
};

// Refused, with an error of code kInvalidData that says which: what does not begin with the
// format's name; a newer version; bytes cut off or added; a wrong checksum.
Result<Unsealed> unseal(const SealedFormat& format, std::span<const std::byte> bytes);

}  // namespace zp
