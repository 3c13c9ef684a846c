#include "zeropoint/numerics/onnx_dequantize_linear.h"

#include <array>

#include "zeropoint/numerics/onnx_cast.h"
#include "zeropoint/numerics/onnx_quant_inputs.h"
#include "zeropoint/numerics/quantize.h"

namespace zp {
namespace {

constexpr std::array kScaleTypes{ElementType::kFloat, ElementType::kFloat16, ElementType::kBfloat16,
                                 ElementType::kFloat8e8m0};
constexpr std::array kOutputTypes{ElementType::kFloat, ElementType::kFloat16,
                                  ElementType::kBfloat16};

Status check_data_type(ElementType type) {
  const std::span<const ElementType> quantized = quantized_types();
  std::vector<ElementType> allowed(quantized.begin(), quantized.end());
  allowed.push_back(ElementType::kInt32);
  return check_type("x", type, allowed);
}

Result<OnnxTensor> dequantized(const OnnxTensor& x, const OnnxTensor& scale,
                               const OnnxTensor* zero_point,
                               const DequantizeLinearOptions& options) {
  ZP_RETURN_IF_ERROR(check_data_type(x.type()));
  ZP_RETURN_IF_ERROR(check_type("scale", scale.type(), kScaleTypes));
  const ElementType type = options.output_dtype.value_or(scale.type());
  ZP_RETURN_IF_ERROR(check_type("output", type, kOutputTypes));
  ZP_ASSIGN_OR_RETURN(const QuantInputs inputs,
                      check_quant_inputs({x.shape(), x.type(), scale, zero_point, options.axis,
                                          options.block_size}));
  OnnxTensor y(type, x.shape());
  const bool integer = is_integer(x.type());
  for_each_run(inputs.layout, [&](const Run& run) {
    for (int64_t i = 0; i < run.count; ++i) {
      const int64_t at = run.offset + i;
      const auto index = static_cast<size_t>(run.params_index + i * run.params_stride);
      QuantParams params;
      params.scale = static_cast<float>(inputs.scales[index]);
      params.zero_point = inputs.zero_points[index];
      const double code = x.value(at);
      const float product = integer ? dequantize(static_cast<int32_t>(code), params)
                                    : static_cast<float>(code) * params.scale;
      y.set_bits(at, cast_value(double{product}, type));
    }
  });
  return y;
}

}  // namespace

Result<OnnxTensor> dequantize_linear(const OnnxTensor& x, const OnnxTensor& scale,
                                     const OnnxTensor* zero_point,
                                     const DequantizeLinearOptions& options) {
  auto y = dequantized(x, scale, zero_point, options);
  if (!y) return tl::unexpected<Error>(std::move(y).error().at("DequantizeLinear"));
  return y;
}

}  // namespace zp
