#include "zeropoint/numerics/quantize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "zeropoint/numerics/spans.h"

namespace zp {
namespace {

// The rounded number of steps from the zero point; double holds every result exactly.
double rounded_steps(float x, const QuantParams& params, Convention convention) {
  switch (convention) {
    case Convention::kPytorch:
      return std::nearbyint(double{x * (1.0f / params.scale)});
    case Convention::kTflite:
      return std::round(double{x / params.scale});
    case Convention::kTensorflow: {
      const auto zero_point = static_cast<float>(params.zero_point);
      return std::round(double{x / params.scale + zero_point}) - double{zero_point};
    }
    case Convention::kOnnx:
    case Convention::kTensorrt:
      break;
  }
  return std::nearbyint(double{x / params.scale});
}

}  // namespace

int32_t quantize(float x, const QuantParams& params, Convention convention) {
  const CodeRange codes = code_range(params, convention);
  if (std::isnan(x)) return convention == Convention::kTensorrt ? 0 : codes.qmin;
  const double code = rounded_steps(x, params, convention) + params.zero_point;
  return static_cast<int32_t>(std::clamp<double>(code, codes.qmin, codes.qmax));
}

float dequantize(int32_t code, const QuantParams& params) {
  // Up to 16 bits the difference is exact in float32; int32 biases are rounded to nearest.
  return static_cast<float>(int64_t{code} - params.zero_point) * params.scale;
}

float fake_quantize(float x, const QuantParams& params, Convention convention) {
  return dequantize(quantize(x, params, convention), params);
}

Status quantize(std::span<const float> x, std::span<int32_t> codes, const QuantParams& params,
                Convention convention) {
  ZP_RETURN_IF_ERROR(check(params, convention));
  ZP_RETURN_IF_ERROR(check_same_size("quantize", x.size(), codes.size()));
  for (size_t i = 0; i < x.size(); ++i) codes[i] = quantize(x[i], params, convention);
  return {};
}

Status check_codes(std::span<const int32_t> codes, IntType type) {
  const CodeRange range = type.codes();
  for (size_t i = 0; i < codes.size(); ++i) {
    if (!range.contains(codes[i])) {
      return invalid_argument(fmt::format("dequantize: code {} at index {} is not one of {}",
                                          codes[i], i, type.name()));
    }
  }
  return {};
}

Status dequantize(std::span<const int32_t> codes, std::span<float> x, const QuantParams& params) {
  ZP_RETURN_IF_ERROR(check(params));
  ZP_RETURN_IF_ERROR(check_same_size("dequantize", codes.size(), x.size()));
  ZP_RETURN_IF_ERROR(check_codes(codes, params.type));
  for (size_t i = 0; i < codes.size(); ++i) x[i] = dequantize(codes[i], params);
  return {};
}

Status fake_quantize(std::span<const float> x, std::span<float> y, const QuantParams& params,
                     Convention convention) {
  ZP_RETURN_IF_ERROR(check(params, convention));
  ZP_RETURN_IF_ERROR(check_same_size("fake_quantize", x.size(), y.size()));
  for (size_t i = 0; i < x.size(); ++i) y[i] = fake_quantize(x[i], params, convention);
  return {};
}

}  // namespace zp
