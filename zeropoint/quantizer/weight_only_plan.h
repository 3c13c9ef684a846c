// What weight-only quantization will do to each constant, decided before anything is edited.
#pragma once

#include <string>
#include <vector>

#include "zeropoint/quantizer/weight_codes.h"
#include "zeropoint/quantizer/weight_only.h"
#include "zeropoint/quantizer/weight_uses.h"

namespace zp {

struct PlannedWeight {
  Weight weight;  // its uses are the selected ones
  WeightForm form = WeightForm::kDequantizeLinear;
  // kMatMulNBits: per block along the axis that is summed over, which the block size need not
  // divide.
  WeightFormat format;
  // kDequantizeLinear: the codes of a matrix with its output channels in rows are written as K x N.
  // ONNX Runtime computes a MatMul or Gemm with such codes at once; before Gemm's transB it
  // dequantizes all of them at each run.
  bool as_columns = false;
  std::string note;  // as in WeightOnlyReport::Quantized
};

struct WeightOnlyPlan {
  std::vector<PlannedWeight> weights;
  std::vector<WeightOnlyReport::Left> left;
};

// Errors: options without meaning.
Result<WeightOnlyPlan> plan_weights(onnx::ModelProto& model, const WeightOnlyOptions& options);

// The version of ONNX's operator set that the planned operators need.
int64_t required_opset(const PlannedWeight& planned);

// The node looks rows up in codes of 8 bits and only dequantizes what it found.
bool gathers_codes(const WeightUse& use, const PlannedWeight& planned);

}  // namespace zp
