// The elements of a TensorProto that lie in the message itself.
#pragma once

#include "zeropoint/base/error.h"
#include "zeropoint/graph/proto.h"
#include "zeropoint/graph/tensor.h"

namespace zp {

// Its dimensions. An error for dimensions that are negative or overflow.
Result<Shape> shape_of(const onnx::TensorProto& tensor);

// "tensor "NAME"", to begin a message with.
std::string describe(const onnx::TensorProto& tensor);

// The elements, whether in raw_data or in the field of their type. Errors name the tensor: external
// data (external_data.h reads it), strings, a number of elements that is not the shape's.
Result<Tensor> tensor_in_message(const onnx::TensorProto& tensor);

// Whether the message holds as much data as type and dimensions say, for any type. External data is
// not looked into. Errors name the tensor.
Status check_data(const onnx::TensorProto& tensor);

// Takes the data out, and what says where it lies.
void clear_data(onnx::TensorProto& tensor);

// Replaces type, dimensions and data; the name and the documentation stay.
void put_in_message(onnx::TensorProto& tensor, const Tensor& value);

// Type and dimensions of `value` without its data, as external data needs them.
void put_description(onnx::TensorProto& tensor, const Tensor& value);

}  // namespace zp
