// Reading of protobuf's wire format (protobuf.dev, "Encoding"), one message at a time and never
// past its end. Damaged bytes are an error that says at which offset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"

namespace zp::conformance {

using Bytes = std::span<const std::byte>;

enum class WireType { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

struct Field {
  uint32_t number = 0;
  WireType type = WireType::kVarint;
  uint64_t scalar = 0;  // of the varint and fixed types
  Bytes bytes;          // of kLength: a message, a string or packed numbers
};

// The fields of one message in the order they lie in.
class WireReader {
 public:
  explicit WireReader(Bytes message) : message_(message) {}

  // The next field; nothing at the end of the message.
  Result<std::optional<Field>> next();
  // Where the next field begins.
  size_t offset() const { return offset_; }

 private:
  Bytes message_;
  size_t offset_ = 0;
};

// Appends the numbers of a repeated field, which lie packed in one field or one in each. `type` is
// that of a single number: kVarint, kFixed32 or kFixed64.
Status append_numbers(const Field& field, WireType type, std::vector<uint64_t>& numbers);

// Errors when the field is not length-delimited, or not a varint.
Result<std::string> text(const Field& field);
Result<Bytes> message(const Field& field);
Result<int64_t> integer(const Field& field);

// A message put together field by field.
class WireWriter {
 public:
  void varint_field(uint32_t number, uint64_t value);
  void bytes_field(uint32_t number, Bytes bytes);
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  void varint(uint64_t value);

  std::vector<std::byte> bytes_;
};

}  // namespace zp::conformance
