// Small texts: numbers, and lists of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace zp {

// The parts between the separators; one empty part for an empty text.
std::vector<std::string_view> split(std::string_view text, char separator);

// Without blanks, tabs and line ends on either side.
std::string_view trim(std::string_view text);

// All of the text as a decimal whole number within int64; nothing otherwise.
std::optional<int64_t> parse_whole(std::string_view text);

// All of the text as a finite number, rounded once to float32: "0.5", "1e-3", or a quotient of two
// such numbers, "1/255". Independent of the locale. Nothing otherwise.
std::optional<float> parse_float(std::string_view text);

}  // namespace zp
