#include "apps/zeropoint/parse.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace zp::app {
namespace {

// strtod or strtof over the whole of a text that does not start with a space, or nothing.
template <class Number>
bool read(const std::string& text, Number (*convert)(const char*, char**), Number& number) {
  if (text.empty() || std::isspace(static_cast<unsigned char>(text.front())) != 0) return false;
  char* end = nullptr;
  number = convert(text.c_str(), &end);
  return end == text.c_str() + text.size();
}

// The decimal 3.4028235e38 is how the largest float32 is written, and a little above it. What
// rounds to a float32 at the end of its range is taken as that one.
bool read_end(const std::string& text, double& end) {
  if (!read(text, std::strtod, end)) return false;
  const float rounded = std::strtof(text.c_str(), nullptr);
  if (std::abs(rounded) == std::numeric_limits<float>::max()) end = double{rounded};
  return true;
}

}  // namespace

Result<double> parse_number(std::string_view argument, const std::string& text) {
  double number = 0;
  if (read(text, std::strtod, number)) return number;
  return invalid_argument(
      fmt::format("{} \"{}\": expected a number, such as -1.5", argument, text));
}

Result<Range> parse_range(std::string_view argument, const std::string& text) {
  const size_t colon = text.find(':');
  Range range;
  if (colon == std::string::npos || !read_end(text.substr(0, colon), range.min) ||
      !read_end(text.substr(colon + 1), range.max)) {
    return invalid_argument(
        fmt::format("{} \"{}\": expected MIN:MAX, such as -20:1000", argument, text));
  }
  return range;
}

Result<GivenValue> parse_value(std::string_view argument, const std::string& text) {
  GivenValue value{text};
  ZP_ASSIGN_OR_RETURN(value.number, parse_number(argument, text));
  value.x = std::strtof(text.c_str(), nullptr);
  return value;
}

Result<int32_t> parse_int32(std::string_view argument, const std::string& text) {
  int32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && stop == end) return number;
  return invalid_argument(fmt::format(
      "{} \"{}\": expected a whole number {}", argument, text,
      error == std::errc::result_out_of_range ? "that a code may have" : "such as 128"));
}

}  // namespace zp::app
