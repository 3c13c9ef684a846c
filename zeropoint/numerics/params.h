// Quantization parameters, real = scale * (code - zero_point), and how each convention chooses
// them from a range. docs/numerics.md derives the formulas.
#pragma once

#include <cstdint>
#include <optional>

#include "zeropoint/base/error.h"
#include "zeropoint/numerics/convention.h"
#include "zeropoint/numerics/int_type.h"
#include "zeropoint/numerics/range.h"

namespace zp {

// One scale and zero point. The zero point is a code of `type`, so real 0 is exactly a code.
struct QuantParams {
  IntType type = IntType::kUint8;
  NarrowRange narrow = NarrowRange::kNo;
  float scale = 1;
  int32_t zero_point = 0;

  constexpr CodeRange codes() const { return type.codes(narrow); }
  friend bool operator==(const QuantParams&, const QuantParams&) = default;
};

// The codes that quantizing under `convention` may give: params.codes(), and for tensorflow the
// narrow range whatever params say.
CodeRange code_range(const QuantParams& params, Convention convention);

// Whether the parameters mean something: scale positive and finite, zero point among the codes.
Status check(const QuantParams& params);
// The same, and what `convention` adds: a finite 1/scale (pytorch), a signed type with zero point
// 0 (tensorrt), the middle zero point (tensorflow).
Status check(const QuantParams& params, Convention convention);

enum class ScaleForm {
  kAny,
  kPowerOfTwo,  // the next power of two upwards, so that the range stays covered
};

struct ParamOptions {
  Convention convention = Convention::kOnnx;
  Scheme scheme = Scheme::kAffine;
  NarrowRange narrow = NarrowRange::kNo;
  ScaleForm scale_form = ScaleForm::kAny;
  // Affine: the zero point to use instead of the computed one; the scale then covers the wider
  // side. Symmetric and one-sided: must be the scheme's own.
  std::optional<int32_t> zero_point = {};
};

// The parameters for values in `range`, first widened to hold 0.
//
//   affine      scale = (max - min) / (qmax - qmin), zero_point = qmin - min / scale rounded
//   symmetric   scale = 2a / (qmax - qmin) with a = max(|min|, |max|), zero_point the middle code
//   one-sided   scale = max / qmax, zero_point = 0
//
// onnx, tflite and tensorrt compute in double, the zero point from the unrounded scale, and then
// round the scale to float32; onnx rounds the zero point half to even, tflite chooses the end of
// the range with the smaller error and rounds half away from zero ("nudging"). pytorch computes in
// float32 with a scale of at least FLT_EPSILON and the zero point qmin - round(min / scale).
// tensorrt divides by qmax (a/127 for int8), tensorflow by 2^b - 1 steps, both symmetric only.
//
// A range of zero width, or one whose scale would be below the smallest normal float32, gets scale
// 1 and the scheme's zero point; affine: 0, or the lowest code where 0 is none. (Not pytorch,
// whose FLT_EPSILON keeps the formulas going.)
//
// Not PyTorch's rule: for unsigned types other than uint8 and uint16 its observers put a symmetric
// zero point at (qmin + qmax) / 2 rounded down, 7 for uint4; here it is the middle, 8.
//
// For a range near +-FLT_MAX an end code may stand for more than FLT_MAX; dequantize then gives
// infinity, as ONNX Runtime does.
//
// Errors: a reversed or non-finite range; a scheme that the convention or type does not have; a
// narrow unsigned range with zero point 0; a zero point out of range, or one that leaves no codes
// for one side of the range.
Result<QuantParams> choose_params(Range range, IntType type, const ParamOptions& options = {});

// The same for a scale that was found otherwise: the zero point is chosen as above. Also an error:
// a scale that is not a positive finite float32.
Result<QuantParams> params_with_scale(Range range, IntType type, double scale,
                                      const ParamOptions& options = {});

// The rule of biases under symmetric weights: int32, zero point 0, scale = input_scale *
// weight_scale rounded to float32 (ONNX Runtime). An error where a scale or the product is not
// positive and finite.
Result<QuantParams> bias_params(float input_scale, float weight_scale);

}  // namespace zp
