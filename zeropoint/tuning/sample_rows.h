// The rows of one sample that second moments are taken of.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/engine/engine.h"
#include "zeropoint/evaluate/measure.h"
#include "zeropoint/graph/proto.h"

namespace zp {

// As InputRows::copy lays them out.
struct SampleRows {
  int64_t count = 0;
  int64_t taps = 1;
  int64_t channels = 1;  // of one group
  std::vector<float> values;
};

// `wanted` rows that the node reads of this value, its first input, or all where there are no more;
// choose_rows (input_rows.h) says which. Errors: those of InputRows::make, a value that is not
// float.
Result<SampleRows> rows_of(const onnx::NodeProto& node, std::span<const int64_t> weight_dims,
                           const OutputView& value, int64_t wanted, uint64_t seed);

// For choose_rows: says the same of the same sample wherever it stands.
uint64_t seed_of(const SampleInputs& sample);

}  // namespace zp
