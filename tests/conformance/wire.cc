#include "tests/conformance/wire.h"

#include <fmt/format.h>

namespace zp::conformance {
namespace {

Status wrong_type(const Field& field, std::string_view expected) {
  return invalid_data(fmt::format("field {}: wire type {}, expected {}", field.number,
                                  static_cast<int>(field.type), expected));
}

// The number at `offset`, which then points behind it.
Result<uint64_t> take_varint(Bytes message, size_t& offset) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (offset == message.size()) {
      return invalid_data(fmt::format("the message ends inside a number, at byte {}", offset));
    }
    const auto byte = std::to_integer<uint64_t>(message[offset++]);
    if (shift == 63 && byte > 1) break;
    value |= (byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  return invalid_data(fmt::format("a number of more than 64 bits before byte {}", offset));
}

// The same for a number of `size` bytes, the lowest first.
Result<uint64_t> take_fixed(Bytes message, size_t& offset, size_t size) {
  if (message.size() - offset < size) {
    return invalid_data(fmt::format("the message ends inside a number, at byte {}", offset));
  }
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) {
    value |= std::to_integer<uint64_t>(message[offset++]) << (8 * i);
  }
  return value;
}

Result<uint64_t> take(Bytes message, size_t& offset, WireType type) {
  if (type == WireType::kVarint) return take_varint(message, offset);
  return take_fixed(message, offset, type == WireType::kFixed32 ? 4 : 8);
}

}  // namespace

Result<std::optional<Field>> WireReader::next() {
  if (offset_ == message_.size()) return std::optional<Field>();
  const size_t begin = offset_;
  ZP_ASSIGN_OR_RETURN(const uint64_t key, take_varint(message_, offset_));
  Field field;
  field.number = static_cast<uint32_t>(key >> 3);
  if (key >> 3 == 0 || key >> 3 >= uint64_t{1} << 29) {
    return invalid_data(fmt::format("field number {} at byte {}", key >> 3, begin));
  }
  switch (key & 7) {
    case 0:
    case 1:
    case 5: {
      field.type = static_cast<WireType>(key & 7);
      ZP_ASSIGN_OR_RETURN(field.scalar, take(message_, offset_, field.type));
      break;
    }
    case 2: {
      field.type = WireType::kLength;
      ZP_ASSIGN_OR_RETURN(const uint64_t size, take_varint(message_, offset_));
      if (size > message_.size() - offset_) {
        return invalid_data(fmt::format("field {} at byte {} has {} bytes, but {} are left",
                                        field.number, begin, size, message_.size() - offset_));
      }
      field.bytes = message_.subspan(offset_, static_cast<size_t>(size));
      offset_ += static_cast<size_t>(size);
      break;
    }
    default:
      return invalid_data(fmt::format("field {} at byte {} has wire type {}, expected 0, 1, 2 or 5",
                                      field.number, begin, key & 7));
  }
  return std::optional<Field>(field);
}

Status append_numbers(const Field& field, WireType type, std::vector<uint64_t>& numbers) {
  if (field.type == type) {
    numbers.push_back(field.scalar);
    return {};
  }
  if (field.type != WireType::kLength) return wrong_type(field, "that of its numbers, or 2");
  for (size_t at = 0; at < field.bytes.size();) {
    ZP_ASSIGN_OR_RETURN(const uint64_t number, take(field.bytes, at, type));
    numbers.push_back(number);
  }
  return {};
}

Result<Bytes> message(const Field& field) {
  ZP_RETURN_IF_ERROR(field.type == WireType::kLength ? Status() : wrong_type(field, "2"));
  return field.bytes;
}

Result<std::string> text(const Field& field) {
  ZP_ASSIGN_OR_RETURN(const Bytes bytes, message(field));
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<int64_t> integer(const Field& field) {
  ZP_RETURN_IF_ERROR(field.type == WireType::kVarint ? Status() : wrong_type(field, "0"));
  return static_cast<int64_t>(field.scalar);
}

void WireWriter::varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<std::byte>(value | 0x80));
  bytes_.push_back(static_cast<std::byte>(value));
}

void WireWriter::varint_field(uint32_t number, uint64_t value) {
  varint(uint64_t{number} << 3);
  varint(value);
}

void WireWriter::bytes_field(uint32_t number, Bytes bytes) {
  varint(uint64_t{number} << 3 | 2);
  varint(bytes.size());
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

}  // namespace zp::conformance
