// The normative scalar reference: a value to its code and back under each convention. Every
// kernel equals these functions bit for bit.
#pragma once

#include <cstdint>
#include <span>

#include "zeropoint/numerics/params.h"

namespace zp {

// The code of x, saturated to code_range(params, convention). All arithmetic is float32, rounded
// to nearest even.
//
//   onnx        RNE(x / scale) + zero_point
//   pytorch     RNE(x * (1 / scale)) + zero_point
//   tflite      round-half-away(x / scale) + zero_point
//   tensorflow  round-half-away(x / scale + zero_point)
//   tensorrt    RNE(x / scale)
//
// NaN gives the lowest code, for tensorrt 0 (docs/numerics.md, "NaN"). Infinities saturate.
// Requires check(params, convention). Narrow parameters clamp to the narrow range under every
// convention; ONNX's operator itself has no such clamp, so codes of a narrow range come out of an
// exported model only where they were written into it, as weights are.
int32_t quantize(float x, const QuantParams& params, Convention convention = Convention::kOnnx);

// float32(code - zero_point) * scale, the same under every convention.
float dequantize(int32_t code, const QuantParams& params);

// dequantize(quantize(x)): what the quantized network sees in place of x.
float fake_quantize(float x, const QuantParams& params, Convention convention = Convention::kOnnx);

// Whether all codes are codes of `type` (whether narrow or not); an error names the first that is
// not.
Status check_codes(std::span<const int32_t> codes, IntType type);

// The same over spans. Errors: meaningless parameters, spans of unequal length, a code that is
// not one of params.type.
Status quantize(std::span<const float> x, std::span<int32_t> codes, const QuantParams& params,
                Convention convention = Convention::kOnnx);
Status dequantize(std::span<const int32_t> codes, std::span<float> x, const QuantParams& params);
Status fake_quantize(std::span<const float> x, std::span<float> y, const QuantParams& params,
                     Convention convention = Convention::kOnnx);

}  // namespace zp
