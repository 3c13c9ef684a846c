// Checks that the kernels share.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <limits>

#include "zeropoint/numerics/int_type.h"
#include "zeropoint/numerics/spans.h"

namespace zp::kernels {

// Whether elements of type Code hold every code of `type`.
template <class Code>
Status check_holds(IntType type) {
  constexpr int kBits = 8 * static_cast<int>(sizeof(Code));
  if (type.is_signed() == std::numeric_limits<Code>::is_signed && type.bits() <= kBits) return {};
  return invalid_argument(fmt::format("codes of type {} do not fit elements of type {}int{}",
                                      type.name(), std::numeric_limits<Code>::is_signed ? "" : "u",
                                      kBits));
}

}  // namespace zp::kernels
