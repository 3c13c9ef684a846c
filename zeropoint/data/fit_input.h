// Arrays made into what an input of a model takes: its element type and its shape.
#pragma once

#include <cstdint>

#include "zeropoint/base/error.h"
#include "zeropoint/data/input_spec.h"
#include "zeropoint/graph/tensor.h"

namespace zp {

// The shape with which an array of shape `from` is fed to `input`:
//   the rank of the input, or an input without rank   as it is
//   one rank less                                     with a batch axis of size 1 in front
// Errors: any other rank, or a size that differs from one that the input fixes. They begin with
// "expected float [1, 3, 224, 224], got " and do not name the input.
Result<Shape> fed_shape(DataType type, const Shape& from, const InputSpec& input);

// Whether elements are converted when they are fed:
//   to the same type                         unchanged
//   integers to integers and floats          where every value of the type is kept exactly:
//                                            int32 to int64, uint8 to float, int32 to double
//   between float16, bfloat16, float, double rounded to nearest, ties to even
// Everything else is an error of the user's to settle: int64 to int32 or float, float to integers,
// bool to and from anything.
bool converts(DataType from, DataType to);

// The array as it is fed: fed_shape, converted. Beyond fed_shape's, errors are a type that does not
// convert, a finite number that becomes infinite, and NaN in a float input ("contains NaN at
// element 17"). Infinities are fed: masks have them.
Result<Tensor> fit_input(Tensor array, const InputSpec& input);

}  // namespace zp
