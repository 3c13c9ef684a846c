// Weight-only quantization: constants become codes, and what is computed stays float.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/progress.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/numerics/convention.h"
#include "zeropoint/numerics/int_type.h"
#include "zeropoint/quantizer/selection.h"

namespace zp {

enum class WeightForm {
  // Operators of ONNX alone: DequantizeLinear before the reader. An embedding table of 8 bits is
  // looked up as codes, and only the rows that were found are dequantized.
  kDequantizeLinear,
  // Where they can say it, MatMulNBits and GatherBlockQuantized of com.microsoft, which ONNX
  // Runtime computes from the codes; elsewhere as above. Blocks are of 16, 32, 64, 128 or 256; with
  // block size 0 of 32, and where the operators cannot say it one scale a channel for 8 bits.
  kMatMulNBits,
};

struct WeightOnlyOptions {
  int bits = 8;  // 8 or 4
  // Elements under one scale along the axis that is summed over; 0: one scale a channel. A weight
  // whose axis this does not divide gets the largest divisor down to half of it, powers of two
  // first, or else one scale a channel; MatMulNBits pads.
  int64_t block_size = 0;
  Scheme scheme = Scheme::kSymmetric;  // or kAffine
  WeightForm form = WeightForm::kDequantizeLinear;
  // How ONNX Runtime computes MatMulNBits: with activations rounded to int8 for each block
  // (accuracy_level 4, several times faster, and what it makes of a DequantizeLinear before a
  // MatMul too), or in float (accuracy_level 1).
  enum class Compute { kInt8, kFloat } compute = Compute::kInt8;
  Selection selection;
  int64_t min_elements = 1024;  // smaller weights stay float
};

struct WeightOnlyReport {
  struct Quantized {
    std::string name;                // of the constant
    std::vector<std::string> nodes;  // that read it, as messages describe them
    WeightForm form = WeightForm::kDequantizeLinear;
    IntType type = IntType::kInt8;
    int64_t elements = 0;
    int64_t block_size = 0;  // 0: one scale a channel
    size_t bytes_before = 0;
    size_t bytes_after = 0;  // codes, scales and zero points
    std::string note;        // what is not as asked for, and why; empty where nothing is
  };
  struct Left {
    std::string name;
    std::string reason;
  };
  std::vector<Quantized> quantized;
  std::vector<Left> left;  // weights that stay float

  size_t bytes_before() const;  // of the quantized weights
  size_t bytes_after() const;
};

// The version of ONNX's operator set to which the model is to be raised before (prepare), so that
// no weight is left float for lack of it: 21 for 4 bits and for blocks, 19 for scales of half
// precision, otherwise 13; 0 where MatMulNBits and GatherBlockQuantized say everything. Errors:
// options without meaning.
Result<int64_t> required_opset(const Model& model, const WeightOnlyOptions& options);

// Quantizes the constants that MatMul, Gemm, Conv, ConvTranspose, Gather, LSTM, GRU and RNN nodes
// of the model and of its bodies use as weights, by plain rounding. A constant with several readers
// is quantized once; where only some of them are selected, the others keep the float one. Constants
// that are graph outputs or that a caller may override stay, and so do those for which the model's
// operator set is too old.
//
// One weight's codes at a time are in memory, besides what the model itself keeps there.
//
// Errors: options without meaning, elements that are not finite (naming the tensor), whatever
// reading and writing say. After an error the model is half edited.
Result<WeightOnlyReport> quantize_weights_only(Model& model, const WeightOnlyOptions& options,
                                               const ProgressCallback& progress = {});

}  // namespace zp
