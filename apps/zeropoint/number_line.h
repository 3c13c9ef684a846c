// A picture of the real numbers of a range above the codes that stand for them.
#pragma once

#include <string>

#include "apps/zeropoint/explanation.h"

namespace zp::app {

// Two rulers over each other, at most 80 characters wide, with the labels of each on its own side,
// and a legend of the signs that need one:
//
//               min                                                              max
//           0   40                                                              1000
//     real  |...|================================================================|
//     code  |...|----------------------------------------------------------------|
//           0   10                                                              255
//
//           ...  carries nothing
//
// Equal columns are equal reals. Where labels would overlap, marks are moved apart, and the legend
// says so. Types of up to 16 codes have a tick for each.
std::string number_line(const Explanation& explanation);

}  // namespace zp::app
