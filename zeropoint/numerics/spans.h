// Checks that operations over spans share.
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "zeropoint/base/error.h"
#include "zeropoint/numerics/layout.h"

namespace zp {

// Spans of unequal length are an error that names the operation and both lengths.
inline Status check_same_size(std::string_view operation, size_t input, size_t output) {
  if (input == output) return {};
  return invalid_argument(fmt::format("{}: {} input elements, but room for {} output elements",
                                      operation, input, output));
}

// Also an error: spans whose length is not that of the layout.
inline Status check_same_size(std::string_view operation, size_t input, size_t output,
                              const Layout& layout) {
  ZP_RETURN_IF_ERROR(check_same_size(operation, input, output));
  if (input == static_cast<size_t>(layout.element_count())) return {};
  return invalid_argument(fmt::format("{}: {} elements given for a layout of {}", operation, input,
                                      layout.element_count()));
}

}  // namespace zp
