// Numbers as the explanations print them.
#pragma once

#include <cstdint>
#include <string>

namespace zp::app {

// The fewest digits that read back as the same number of the same type.
std::string shortest(float value);
std::string shortest(double value);

// Six significant digits, for labels, errors and percentages.
std::string brief(double value);

// In parentheses where a minus sign would follow an operator.
std::string operand(float value);
std::string operand(double value);
std::string operand(int32_t value);

// A number that is a float32, in the fewest digits that read back as that float32; as a double, so
// that a JSON writer prints just these.
double shortest_number(float value);

}  // namespace zp::app
