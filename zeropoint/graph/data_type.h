// The element types that an ONNX tensor may have.
#pragma once

#include <cstdint>
#include <string_view>

namespace zp {

// The values are the numbers of ONNX's TensorProto.DataType; those of quantized codes and floats
// are also numerics/element_type.h's ElementType.
enum class DataType : int32_t {
  kUndefined = 0,
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUint32 = 12,
  kUint64 = 13,
  kComplex64 = 14,
  kComplex128 = 15,
  kBfloat16 = 16,
  kFloat8e4m3fn = 17,
  kFloat8e4m3fnuz = 18,
  kFloat8e5m2 = 19,
  kFloat8e5m2fnuz = 20,
  kUint4 = 21,
  kInt4 = 22,
  kFloat4e2m1 = 23,
  kFloat8e8m0 = 24,
  kUint2 = 25,
  kInt2 = 26,
};

// Whether the number is one of the above other than kUndefined.
bool is_known_data_type(int32_t onnx_number);
// As ONNX writes it in tensor(...): "float", "int64", "bool"; "undefined" for anything not known.
std::string_view name(DataType type);
// Bits of one element as it lies in TensorProto.raw_data; 0 for strings and kUndefined.
int bits(DataType type);

}  // namespace zp
