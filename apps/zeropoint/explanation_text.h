// An Explanation as text for people: derivation, number line, cost, each value's way.
#pragma once

#include <string>

#include "apps/zeropoint/explanation.h"

namespace zp::app {

std::string to_text(const Explanation& explanation);

// Its parts, each one or more whole lines.
std::string scale_text(const Explanation& explanation);
std::string zero_point_text(const Explanation& explanation);
std::string values_text(const Explanation& explanation);

}  // namespace zp::app
