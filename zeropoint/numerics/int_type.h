// The integer types that codes may have: 2 to 16 bits signed or unsigned, and int32 for biases.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "zeropoint/base/error.h"

namespace zp {

enum class Signedness { kUnsigned, kSigned };

// Whether the lowest code is left out: [-127, 127] for int8, [1, 255] for uint8.
enum class NarrowRange { kNo, kYes };

// The codes that may be used, both ends included.
struct CodeRange {
  int32_t qmin = 0;
  int32_t qmax = 0;

  // The number of steps between the ends, qmax - qmin (255 for uint8).
  constexpr int64_t steps() const { return int64_t{qmax} - qmin; }
  constexpr bool contains(int64_t code) const { return qmin <= code && code <= qmax; }
  friend constexpr bool operator==(CodeRange, CodeRange) = default;
};

class IntType {
 public:
  // An unsupported number of bits is an error: 2..16, or 32 signed.
  static Result<IntType> make(int bits, Signedness signedness);
  // "uint8", "int4", "int32", ...: the inverse of name().
  static Result<IntType> parse(std::string_view name);

  constexpr int bits() const { return bits_; }
  constexpr bool is_signed() const { return signedness_ == Signedness::kSigned; }

  // Signed: [-2^(b-1), 2^(b-1)-1]; unsigned: [0, 2^b-1]; narrow drops the lowest code.
  constexpr CodeRange codes(NarrowRange narrow = NarrowRange::kNo) const {
    const int32_t low = is_signed() ? -static_cast<int32_t>(uint32_t{1} << (bits_ - 2)) * 2 : 0;
    const int32_t high =
        static_cast<int32_t>((uint32_t{1} << (is_signed() ? bits_ - 1 : bits_)) - 1);
    return {low + (narrow == NarrowRange::kYes ? 1 : 0), high};
  }
  // The code in the middle, which symmetric schemes use as zero point: 0 signed, 2^(b-1) unsigned.
  constexpr int32_t middle() const { return is_signed() ? 0 : int32_t{1} << (bits_ - 1); }

  std::string name() const;
  friend constexpr bool operator==(IntType, IntType) = default;

  static const IntType kInt2, kUint2, kInt4, kUint4, kInt8, kUint8, kInt16, kUint16, kInt32;

 private:
  constexpr IntType(int bits, Signedness signedness) : bits_(bits), signedness_(signedness) {}

  int bits_;
  Signedness signedness_;
};

inline constexpr IntType IntType::kInt2{2, Signedness::kSigned};
inline constexpr IntType IntType::kUint2{2, Signedness::kUnsigned};
inline constexpr IntType IntType::kInt4{4, Signedness::kSigned};
inline constexpr IntType IntType::kUint4{4, Signedness::kUnsigned};
inline constexpr IntType IntType::kInt8{8, Signedness::kSigned};
inline constexpr IntType IntType::kUint8{8, Signedness::kUnsigned};
inline constexpr IntType IntType::kInt16{16, Signedness::kSigned};
inline constexpr IntType IntType::kUint16{16, Signedness::kUnsigned};
inline constexpr IntType IntType::kInt32{32, Signedness::kSigned};

}  // namespace zp
