#include "apps/zeropoint/number_text.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

namespace zp::app {
namespace {

template <class Number>
std::string text_of(Number value) {
  return std::isnan(value) ? "nan" : fmt::format("{}", value);
}

template <class Number>
std::string operand_of(Number value) {
  return std::signbit(value) && !std::isnan(value) ? fmt::format("({})", value) : text_of(value);
}

}  // namespace

std::string shortest(float value) { return text_of(value); }
std::string shortest(double value) { return text_of(value); }
std::string brief(double value) { return std::isnan(value) ? "nan" : fmt::format("{:.6g}", value); }
std::string operand(float value) { return operand_of(value); }
std::string operand(double value) { return operand_of(value); }
std::string operand(int32_t value) {
  return value < 0 ? fmt::format("({})", value) : std::to_string(value);
}

double shortest_number(float value) {
  return std::isfinite(value) ? std::strtod(shortest(value).c_str(), nullptr) : double{value};
}

}  // namespace zp::app
