// Numbers in arguments. An error says which argument and what was expected.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "apps/zeropoint/explanation.h"
#include "zeropoint/base/error.h"
#include "zeropoint/numerics/range.h"

namespace zp::app {

// Decimal or hexadecimal, "inf" and "nan" included: -20, 1e-3, 0x1p-149. Beyond double: infinity.
Result<double> parse_number(std::string_view argument, const std::string& text);

// "MIN:MAX"; whether it is a range at all is choose_params's to say.
Result<Range> parse_range(std::string_view argument, const std::string& text);

// The float32 nearest to the number, rounded once from the text.
Result<GivenValue> parse_value(std::string_view argument, const std::string& text);

// A whole number; beyond int32 is an error.
Result<int32_t> parse_int32(std::string_view argument, const std::string& text);

}  // namespace zp::app
