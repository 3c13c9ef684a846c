#include "zeropoint/numerics/onnx_dynamic_quantize.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "zeropoint/numerics/quantize.h"

namespace zp {
namespace {

constexpr float kSteps = 255;  // of uint8

Result<QuantParams> params_of(const OnnxTensor& x) {
  if (x.size() == 0) {
    return invalid_argument("DynamicQuantizeLinear: x has no element, so no range");
  }
  float min = 0;
  float max = 0;
  for (int64_t i = 0; i < x.size(); ++i) {
    const auto value = static_cast<float>(x.value(i));
    if (!std::isfinite(value)) {
      return invalid_argument(fmt::format(
          "DynamicQuantizeLinear: x is {} at index {}: expected finite values", value, i));
    }
    min = std::min(min, value);
    max = std::max(max, value);
  }
  QuantParams params;
  params.scale = (max - min) / kSteps;
  if (std::isinf(params.scale)) {
    return invalid_argument(fmt::format(
        "DynamicQuantizeLinear: the range [{}, {}] is too wide for a float32 scale", min, max));
  }
  if (params.scale == 0) params.scale = 1;
  const float zero_point = std::clamp(0.0f - min / params.scale, 0.0f, kSteps);
  params.zero_point = static_cast<int32_t>(std::nearbyint(zero_point));
  return params;
}

}  // namespace

Result<DynamicQuantized> dynamic_quantize_linear(const OnnxTensor& x) {
  if (x.type() != ElementType::kFloat) {
    return invalid_argument(
        fmt::format("DynamicQuantizeLinear: x of type {}: expected float", name(x.type())));
  }
  ZP_ASSIGN_OR_RETURN(const QuantParams params, params_of(x));
  ZP_ASSIGN_OR_RETURN(OnnxTensor scale, tensor_of_floats(Shape(), std::array{params.scale}));
  ZP_ASSIGN_OR_RETURN(OnnxTensor zero_point,
                      tensor_of_codes(ElementType::kUint8, Shape(), std::array{params.zero_point}));
  OnnxTensor y(ElementType::kUint8, x.shape());
  for (int64_t i = 0; i < x.size(); ++i) {
    const auto value = static_cast<float>(x.value(i));
    y.set_bits(i, static_cast<uint32_t>(quantize(value, params)));
  }
  return DynamicQuantized{std::move(y), std::move(scale), std::move(zero_point)};
}

}  // namespace zp
