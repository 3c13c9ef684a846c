#include "zeropoint/numerics/int_type.h"

#include <fmt/format.h>

#include <charconv>

namespace zp {

Result<IntType> IntType::make(int bits, Signedness signedness) {
  const bool bias = bits == 32 && signedness == Signedness::kSigned;
  if (!bias && (bits < 2 || bits > 16)) {
    return invalid_argument(
        fmt::format("integer type of {} bits ({}): expected 2 to 16 bits, or 32 signed for a bias",
                    bits, signedness == Signedness::kSigned ? "signed" : "unsigned"));
  }
  return IntType(bits, signedness);
}

Result<IntType> IntType::parse(std::string_view name) {
  std::string_view digits = name;
  Signedness signedness = Signedness::kSigned;
  if (digits.starts_with("u")) {
    signedness = Signedness::kUnsigned;
    digits.remove_prefix(1);
  }
  int bits = 0;
  if (digits.starts_with("int")) {
    digits.remove_prefix(3);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    const bool number = error == std::errc() && end == digits.data() + digits.size();
    if (number && digits.front() >= '1' && digits.front() <= '9') return make(bits, signedness);
  }
  return invalid_argument(
      fmt::format("type \"{}\": expected int2 to int16, uint2 to uint16, or int32", name));
}

std::string IntType::name() const { return fmt::format("{}int{}", is_signed() ? "" : "u", bits_); }

}  // namespace zp
