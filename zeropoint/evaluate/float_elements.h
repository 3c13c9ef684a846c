// The elements of a value as float32.
#pragma once

#include <span>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/engine/engine.h"

namespace zp {

// Of a float value where they lie; of float16, bfloat16 and double converted into `storage`. Valid
// as long as both. An error for other types.
Result<std::span<const float>> float_elements(const OutputView& view, std::vector<float>& storage);

}  // namespace zp
