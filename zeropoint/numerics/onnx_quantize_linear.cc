#include "zeropoint/numerics/onnx_quantize_linear.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "zeropoint/numerics/onnx_quant_inputs.h"
#include "zeropoint/numerics/quantize.h"

namespace zp {
namespace {

constexpr std::array kDataTypes{ElementType::kFloat, ElementType::kFloat16, ElementType::kBfloat16,
                                ElementType::kInt32};
constexpr std::array kScaleTypes{ElementType::kFloat, ElementType::kFloat16, ElementType::kBfloat16,
                                 ElementType::kInt32, ElementType::kFloat8e8m0};
constexpr std::array kPrecisions{ElementType::kFloat, ElementType::kFloat16,
                                 ElementType::kBfloat16};

// float, double, float16 or bfloat16.
ElementType division_type(ElementType scale, std::optional<ElementType> precision) {
  if (precision) return *precision;
  if (scale == ElementType::kInt32) return ElementType::kDouble;
  return scale == ElementType::kFloat8e8m0 ? ElementType::kFloat : scale;
}

// value rounded to a division type.
double rounded(double value, ElementType type) {
  if (type == ElementType::kDouble) return value;
  if (type == ElementType::kFloat) return double{static_cast<float>(value)};
  return double{round_to(*small_float(type), value)};
}

// x / scale as a division of that type gives it. Double has more than twice the digits of float16
// and bfloat16, so rounding its quotient once more is the same as rounding the true quotient.
double divide(double x, double scale, ElementType type) {
  if (type == ElementType::kFloat) {
    return double{static_cast<float>(x) / static_cast<float>(scale)};
  }
  return rounded(rounded(x, type) / scale, type);
}

// The code of the quotient, one step of which is 1.
uint64_t integer_code(double quotient, IntType type, int32_t zero_point) {
  // Whole before it goes to float32: what float32 cannot hold then is beyond 16 bits, and
  // saturates.
  const auto steps = static_cast<float>(std::nearbyint(quotient));
  return static_cast<uint32_t>(quantize(steps, QuantParams{type, NarrowRange::kNo, 1, zero_point}));
}

Result<ElementType> output_type(const OnnxTensor* zero_point, std::optional<ElementType> dtype) {
  if (zero_point != nullptr && dtype && *dtype != zero_point->type()) {
    return invalid_argument(fmt::format("output_dtype {}: expected {}, the type of the zero point",
                                        name(*dtype), name(zero_point->type())));
  }
  const ElementType type =
      zero_point != nullptr ? zero_point->type() : dtype.value_or(ElementType::kUint8);
  ZP_RETURN_IF_ERROR(check_type("output", type, quantized_types()));
  return type;
}

Result<OnnxTensor> quantized(const OnnxTensor& x, const OnnxTensor& scale,
                             const OnnxTensor* zero_point, const QuantizeLinearOptions& options) {
  ZP_RETURN_IF_ERROR(check_type("x", x.type(), kDataTypes));
  ZP_RETURN_IF_ERROR(check_type("scale", scale.type(), kScaleTypes));
  if (options.precision) {
    ZP_RETURN_IF_ERROR(check_type("precision", *options.precision, kPrecisions));
  }
  ZP_ASSIGN_OR_RETURN(const ElementType type, output_type(zero_point, options.output_dtype));
  ZP_ASSIGN_OR_RETURN(
      const QuantInputs inputs,
      check_quant_inputs({x.shape(), type, scale, zero_point, options.axis, options.block_size}));
  const ElementType division = division_type(scale.type(), options.precision);
  std::vector<double> scales;
  for (const double each : inputs.scales) {
    scales.push_back(rounded(each, division));
    if (!(scales.back() > 0) || std::isinf(scales.back())) {
      return invalid_argument(
          fmt::format("scale {}: is {} as {}, expected one that stays positive "
                      "and finite in the precision of the division",
                      each, scales.back(), name(division)));
    }
  }

  OnnxTensor y(type, x.shape());
  const auto integer = int_type(type);
  const auto small = small_float(type);
  const bool adds_zero = type == ElementType::kFloat4e2m1 && zero_point != nullptr;
  for_each_run(inputs.layout, [&](const Run& run) {
    for (int64_t i = 0; i < run.count; ++i) {
      const int64_t at = run.offset + i;
      const auto index = static_cast<size_t>(run.params_index + i * run.params_stride);
      const double scale_here = scales[index];
      const int32_t zero_point_here = inputs.zero_points[index];
      if (integer && division == ElementType::kFloat) {
        const QuantParams params{*integer, NarrowRange::kNo, static_cast<float>(scale_here),
                                 zero_point_here};
        y.set_bits(at, static_cast<uint32_t>(quantize(static_cast<float>(x.value(at)), params)));
        continue;
      }
      double quotient = divide(x.value(at), scale_here, division);
      if (adds_zero) quotient += 0.0;
      y.set_bits(at, integer ? integer_code(quotient, *integer, zero_point_here)
                             : encode(*small, quotient, options.saturate));
    }
  });
  return y;
}

}  // namespace

Result<OnnxTensor> quantize_linear(const OnnxTensor& x, const OnnxTensor& scale,
                                   const OnnxTensor* zero_point,
                                   const QuantizeLinearOptions& options) {
  auto y = quantized(x, scale, zero_point, options);
  if (!y) return tl::unexpected<Error>(std::move(y).error().at("QuantizeLinear"));
  return y;
}

}  // namespace zp
