// The operators that make real numbers of a weight's codes, or compute with the codes.
#pragma once

#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/quantizer/weight_only_plan.h"

namespace zp {

// Quantizes the weight and makes the nodes of its uses read the result. The float constant and the
// nodes between stay. Says what was written where; nodes are not in order afterwards.
Result<WeightOnlyReport::Quantized> write_dequantize(Model& model, UniqueNames& names,
                                                     const PlannedWeight& planned);

// The same with MatMulNBits and GatherBlockQuantized of com.microsoft.
Result<WeightOnlyReport::Quantized> write_nbits(Model& model, UniqueNames& names,
                                                const PlannedWeight& planned,
                                                WeightOnlyOptions::Compute compute);

// Adds an initializer to the graph or body and returns its name, which begins as wanted.
Result<std::string> add_constant(Model& model, onnx::GraphProto& graph, UniqueNames& names,
                                 std::string_view wanted, const Tensor& value);

}  // namespace zp
