// Checks that operations over spans share.
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "zeropoint/base/error.h"

namespace zp {

// Spans of unequal length are an error that names the operation and both lengths.
inline Status check_same_size(std::string_view operation, size_t input, size_t output) {
  if (input == output) return {};
  return invalid_argument(fmt::format("{}: {} input elements, but room for {} output elements",
                                      operation, input, output));
}

}  // namespace zp
