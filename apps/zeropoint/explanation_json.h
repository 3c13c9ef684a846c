// An Explanation as JSON for programs. The keys are an interface: they are added to, never renamed.
#pragma once

#include <string>

#include "apps/zeropoint/explanation.h"

namespace zp::app {

// One object, indented, with a newline at its end:
//
//   range, widened_range   [min, max]: as asked for; widened to hold 0 and `exact`
//   type, scheme, convention
//                          names as in the arguments
//   narrow, power_of_two   booleans
//   exact                  the value that is to be exactly a code, or null
//   scale                  a float32 in its fewest digits: read it as float32
//   scale_bits             the float32's bits, "0x40800000"
//   unrounded_scale        what the formula gives before it is rounded to float32 (or replaced)
//   zero_point, qmin, qmax codes; qmin and qmax are the ends that quantizing saturates to
//   wasted                 {below, above, total, fraction}: steps that carry nothing of `range`,
//                          total = qmax - qmin
//   largest_error          the largest |error| of a value in `range`
//   implies_relu           whether a ReLU before this quantizer changes no code
//   values                 a list, in the order of the arguments, of
//     value                the float32 that is quantized
//     scaled               what is rounded: value / scale in float32; pytorch value * (1 / scale),
//                          tensorflow value / scale + zero_point
//     rounded              the nearest whole number by the convention's rule
//     tie                  whether scaled lay midway between two
//     code                 with the zero point and saturated to [qmin, qmax]
//     saturated            whether saturating changed it
//     dequantized          scale * (code - zero_point) in float32
//     error                dequantized - value
//
// JSON has no infinities and no NaN: in their place stand the strings "inf", "-inf", "nan".
std::string to_json(const Explanation& explanation);

}  // namespace zp::app
