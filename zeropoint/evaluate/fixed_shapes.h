// Samples of one shape run in models that were compiled for just that shape.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/evaluate/measure.h"

namespace zp {

using InputShapes = std::map<std::string, std::vector<int64_t>>;  // as EngineOptions takes them

// Compiles what it needs for these shapes and runs it on samples from `load`. An empty map leaves
// the shapes as the model has them.
using FixedShapesWork = std::function<Status(const InputShapes& shapes, const LoadSample& load)>;

// Calls `work` with the shapes of the first of `samples` that `load` gives. Where it turns out that
// another sample has other shapes, or nothing could be compiled for these, that call fails, and
// `work` is called again, from the beginning, with no shapes.
//
// OpenVINO 2026.4.1 computes some quantized models of dynamic shape wrongly (fused per-channel
// factors before a quantizer): 0 dB where the same model of fixed shape gives 31 dB. It is also
// slower in them.
Status with_fixed_shapes(std::span<const int64_t> samples, const LoadSample& load,
                         const FixedShapesWork& work);

}  // namespace zp
