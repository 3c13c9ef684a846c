#include <fmt/format.h>

#include "tests/conformance/evaluate.h"
#include "zeropoint/numerics/onnx_cast.h"
#include "zeropoint/numerics/onnx_dequantize_linear.h"
#include "zeropoint/numerics/onnx_dynamic_quantize.h"
#include "zeropoint/numerics/onnx_quantize_linear.h"

namespace zp::conformance {
namespace {

using Outputs = Result<std::vector<OnnxTensor>>;

Outputs one(Result<OnnxTensor> output) {
  ZP_RETURN_IF_ERROR(output);
  return std::vector<OnnxTensor>{*std::move(output)};
}

// The input at `index`; an error when it is absent.
Result<const OnnxTensor*> required(const Inputs& inputs, size_t index) {
  if (index < inputs.size() && inputs[index] != nullptr) return inputs[index];
  return invalid_data(fmt::format("input {} is missing", index));
}

const OnnxTensor* optional(const Inputs& inputs, size_t index) {
  return index < inputs.size() ? inputs[index] : nullptr;
}

tl::unexpected<Error> unknown(const Attribute& attribute) {
  return fail(ErrorCode::kUnsupported, fmt::format("attribute \"{}\"", attribute.name));
}

// The attributes precision and output_dtype: 0 stands for absent.
Status assign_type(std::optional<ElementType>& to, int64_t number) {
  if (number == 0) return {};
  ZP_ASSIGN_OR_RETURN(to, element_type(number));
  return {};
}

Overflow overflow_of(int64_t saturate) {
  return saturate != 0 ? Overflow::kSaturate : Overflow::kToInfinity;
}

Result<Rounding> rounding_of(std::string_view mode) {
  if (mode == "up") return Rounding::kUp;
  if (mode == "down") return Rounding::kDown;
  if (mode == "nearest") return Rounding::kNearestUp;
  return invalid_data(fmt::format("round_mode \"{}\": expected up, down or nearest", mode));
}

Outputs run_quantize(const Node& node, const Inputs& inputs) {
  QuantizeLinearOptions options;
  for (const Attribute& attribute : node.attributes) {
    if (attribute.name == "axis") {
      options.axis = attribute.i;
    } else if (attribute.name == "block_size") {
      options.block_size = attribute.i;
    } else if (attribute.name == "saturate") {
      options.saturate = overflow_of(attribute.i);
    } else if (attribute.name == "precision") {
      ZP_RETURN_IF_ERROR(assign_type(options.precision, attribute.i));
    } else if (attribute.name == "output_dtype") {
      ZP_RETURN_IF_ERROR(assign_type(options.output_dtype, attribute.i));
    } else {
      return unknown(attribute);
    }
  }
  ZP_ASSIGN_OR_RETURN(const OnnxTensor* x, required(inputs, 0));
  ZP_ASSIGN_OR_RETURN(const OnnxTensor* scale, required(inputs, 1));
  return one(quantize_linear(*x, *scale, optional(inputs, 2), options));
}

Outputs run_dequantize(const Node& node, const Inputs& inputs) {
  DequantizeLinearOptions options;
  for (const Attribute& attribute : node.attributes) {
    if (attribute.name == "axis") {
      options.axis = attribute.i;
    } else if (attribute.name == "block_size") {
      options.block_size = attribute.i;
    } else if (attribute.name == "output_dtype") {
      ZP_RETURN_IF_ERROR(assign_type(options.output_dtype, attribute.i));
    } else {
      return unknown(attribute);
    }
  }
  ZP_ASSIGN_OR_RETURN(const OnnxTensor* x, required(inputs, 0));
  ZP_ASSIGN_OR_RETURN(const OnnxTensor* scale, required(inputs, 1));
  return one(dequantize_linear(*x, *scale, optional(inputs, 2), options));
}

Outputs run_dynamic_quantize(const Inputs& inputs) {
  ZP_ASSIGN_OR_RETURN(const OnnxTensor* x, required(inputs, 0));
  ZP_ASSIGN_OR_RETURN(DynamicQuantized result, dynamic_quantize_linear(*x));
  return std::vector<OnnxTensor>{std::move(result.y), std::move(result.scale),
                                 std::move(result.zero_point)};
}

// Cast, and CastLike, whose second input has the type that Cast names in `to`.
Outputs run_cast(const Node& node, const Inputs& inputs, int64_t opset) {
  CastOptions options;
  if (opset < 24) options.integer_overflow = IntegerOverflow::kSaturate;
  std::optional<ElementType> to;
  for (const Attribute& attribute : node.attributes) {
    if (attribute.name == "to") {
      ZP_ASSIGN_OR_RETURN(to, element_type(attribute.i));
    } else if (attribute.name == "saturate") {
      options.saturate = overflow_of(attribute.i);
    } else if (attribute.name == "round_mode") {
      ZP_ASSIGN_OR_RETURN(options.round_mode, rounding_of(attribute.s));
    } else {
      return unknown(attribute);
    }
  }
  if (node.op_type == "CastLike") {
    ZP_ASSIGN_OR_RETURN(const OnnxTensor* like, required(inputs, 1));
    to = like->type();
  }
  if (!to) return invalid_data("attribute \"to\" is missing");
  ZP_ASSIGN_OR_RETURN(const OnnxTensor* input, required(inputs, 0));
  return std::vector<OnnxTensor>{cast(*input, *to, options)};
}

}  // namespace

Result<std::optional<std::vector<OnnxTensor>>> evaluate_quantization(const Node& node,
                                                                     const Inputs& inputs,
                                                                     int64_t opset) {
  const std::string& op = node.op_type;
  if (op == "QuantizeLinear") return run_quantize(node, inputs);
  if (op == "DequantizeLinear") return run_dequantize(node, inputs);
  if (op == "DynamicQuantizeLinear") return run_dynamic_quantize(inputs);
  if (op == "Cast" || op == "CastLike") return run_cast(node, inputs, opset);
  return std::nullopt;
}

}  // namespace zp::conformance
