// Checks that the kernels share.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <tuple>

#include "zeropoint/numerics/layout.h"
#include "zeropoint/numerics/params.h"
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

// Kernel<uint8_t>, Kernel<int8_t>, ...: what a target offers for each type that codes may have.
template <template <class> class Kernel>
using ForEachCode = std::tuple<Kernel<uint8_t>, Kernel<int8_t>, Kernel<uint16_t>, Kernel<int16_t>>;

// Calls row(run) for runs whose elements have a scale each, span(run) for the others.
template <class Span, class Row>
void for_each_run(const Layout& layout, Span span, Row row) {
  zp::for_each_run(layout, [&](const Run& run) {
    if (run.params_stride == 0) {
      span(run);
    } else {
      row(run);
    }
  });
}

}  // namespace zp::kernels
