// Weights as integer codes, by plain rounding.
//
// A weight is read piece by piece, so that beside its codes only a few MB are in memory, however
// large it is and wherever it lies.
#pragma once

#include <cstdint>

#include "zeropoint/graph/tensor.h"
#include "zeropoint/numerics/tensor_params.h"
#include "zeropoint/quantizer/weight_source.h"

namespace zp {

// How a weight becomes codes.
struct WeightFormat {
  IntType type = IntType::kInt8;
  Scheme scheme = Scheme::kSymmetric;
  NarrowRange narrow = NarrowRange::kNo;
  Granularity granularity = Granularity::kPerAxis;
  int64_t axis = 0;        // unless per tensor
  int64_t block_size = 0;  // along the axis, which it divides; 0 unless per block
};

// An error for an axis out of range and a block size that does not divide it.
Result<Layout> weight_layout(const Shape& shape, const WeightFormat& format);

// The shape of ONNX's scale and zero point: [] per tensor, [axis], or the weight's with the axis
// divided by the block size.
Shape weight_params_shape(const Shape& shape, const WeightFormat& format);

// The element type of the scales: the weight's own, but float for double, for which
// DequantizeLinear has no form.
DataType weight_scale_type(DataType weight);

// The parameters that cover each slice's range (choose_params, convention onnx). Scales of float16
// and bfloat16 weights are exact in that type, rounded upwards so that the range stays covered. A
// slice of zeros gets scale 1 and, as its elements, the zero point.
//
// Errors name the weight: elements that are NaN or infinite (with their place), a type that is not
// float, a format that does not fit the shape.
Result<TensorParams> weight_params(const WeightSource& weight, const WeightFormat& format);

// The codes under parameters chosen in any way, as a tensor of ONNX's type for params.type (2 codes
// a byte where it has 4 bits). The same errors; also a type that ONNX does not have.
Result<Tensor> weight_codes(const WeightSource& weight, const TensorParams& params);

// Scales of `params` as a tensor of this float type, in which they are rounded to nearest; zero
// points as one of the codes' type.
Result<Tensor> scales_tensor(const TensorParams& params, const Shape& shape, DataType type);
Result<Tensor> zero_points_tensor(const TensorParams& params, const Shape& shape);

// The DataType of codes of this type; an error where ONNX has none (such as 3 bits).
Result<DataType> code_data_type(IntType type);

// What DequantizeLinear reads. zero_points are there also where all are 0.
struct QuantizedWeight {
  Tensor codes;
  Tensor scales;
  Tensor zero_points;
};

// weight_params, weight_codes and the tensors of both.
Result<QuantizedWeight> quantize_weight(const WeightSource& weight, const WeightFormat& format);

// A matrix of 4- or 8-bit codes, or of scales, with rows and columns exchanged. An error for one of
// another rank.
Result<Tensor> transposed_matrix(const Tensor& matrix);

}  // namespace zp
