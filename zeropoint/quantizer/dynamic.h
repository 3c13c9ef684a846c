// Dynamic quantization: weights become codes, and activations too, under parameters that the
// runtime computes anew from each input.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/progress.h"
#include "zeropoint/graph/model.h"
#include "zeropoint/numerics/int_type.h"
#include "zeropoint/quantizer/selection.h"
#include "zeropoint/quantizer/weight_scales.h"

namespace zp {

struct DynamicOptions {
  // Of MatMul, Gemm and LSTM: int8, or uint8 with zero point 128, which x86 processors without VNNI
  // multiply exactly and everything multiplies two to three times slower. Conv's are always uint8:
  // ONNX Runtime's ConvInteger takes five times as long for int8.
  IntType weights = IntType::kInt8;
  bool per_channel = true;
  // Whether int8 codes are held to what the 16-bit sums of processors without VNNI can take.
  PairSafety pairs = PairSafety::kHeld;
  Selection selection;
  int64_t min_elements = 1024;  // nodes with smaller weights stay float
};

struct DynamicReport {
  struct Quantized {
    std::string node;  // as messages describe it
    std::string
        op;  // that computes it now: MatMulInteger, ConvInteger, DynamicQuantizeLSTM, Gather
  };
  struct Left {
    std::string node;
    std::string reason;
  };
  std::vector<Quantized> quantized;
  std::vector<Left> left;   // nodes with weights that stay float
  size_t bytes_before = 0;  // of the weights of quantized nodes
  size_t bytes_after = 0;   // of their codes, scales and zero points
};

// The version of ONNX's operator set that quantize_dynamic needs (DynamicQuantizeLinear).
inline constexpr int64_t kDynamicOpset = 11;

// Where a float32 node of the model or of its bodies has constant weights:
//
//   MatMul, Gemm   DynamicQuantizeLinear, MatMulInteger, Cast, Mul (and Add of Gemm's bias), which
//                  ONNX Runtime fuses into one operator
//   Conv           the same with ConvInteger
//   LSTM           com.microsoft's DynamicQuantizeLSTM, which quantizes its input inside
//   Gather         looks its table up as codes of 8 bits, as quantize_weights_only does
//
// Readers of one value share a DynamicQuantizeLinear. Depthwise convolutions stay float, in which
// they are several times faster.
//
// Errors: options without meaning, a model below kDynamicOpset, elements that are not finite
// (naming the tensor). After an error the model is half edited.
Result<DynamicReport> quantize_dynamic(Model& model, const DynamicOptions& options,
                                       const ProgressCallback& progress = {});

}  // namespace zp
