// A weight matrix as MatMulNBits and GatherBlockQuantized of com.microsoft read it.
#pragma once

#include "zeropoint/graph/tensor.h"
#include "zeropoint/quantizer/weight_codes.h"

namespace zp {

// The output channels (N of them) are in rows, however the weight was stored; each row's K codes
// lie block by block, padded to whole blocks (onnxruntime, docs/ContribOperators.md):
//
//   codes        uint8 [N, blocks, block_size * bits / 8], codes of 4 bits low half first
//   scales       [N, blocks], of the weight's type
//   zero_points  uint8 [N, blocks * bits / 8 rounded up]; no elements where the format is
//   symmetric,
//                for which the operators take the middle code, 2^(bits - 1)
struct NBitsWeight {
  Tensor codes;
  Tensor scales;
  Tensor zero_points;
};

// `format` has an unsigned type of 4 or 8 bits and an even block size along the axis of a matrix
// that is summed over, which it need not divide. Errors as quantize_weight's.
Result<NBitsWeight> quantize_nbits(const WeightSource& weight, const WeightFormat& format);

}  // namespace zp
