// The tensor element types of ONNX that quantization meets.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "zeropoint/base/error.h"
#include "zeropoint/numerics/int_type.h"

namespace zp {

// The values are the numbers of ONNX's TensorProto.DataType.
enum class ElementType : int32_t {
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kFloat16 = 10,
  kDouble = 11,
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

enum class ElementKind {
  kInteger,     // 2 to 32 bits; int_type() describes it
  kFloat,       // float and double: IEEE binary32 and binary64
  kSmallFloat,  // 4 to 16 bits; small_float.h describes it
};

struct ElementTypeInfo {
  ElementType type;
  std::string_view name;  // as ONNX writes it in tensor(...): "float", "uint4", "float8e4m3fn"
  int bits;
  ElementKind kind;
};

inline constexpr std::array kElementTypes{
    ElementTypeInfo{ElementType::kFloat, "float", 32, ElementKind::kFloat},
    ElementTypeInfo{ElementType::kUint8, "uint8", 8, ElementKind::kInteger},
    ElementTypeInfo{ElementType::kInt8, "int8", 8, ElementKind::kInteger},
    ElementTypeInfo{ElementType::kUint16, "uint16", 16, ElementKind::kInteger},
    ElementTypeInfo{ElementType::kInt16, "int16", 16, ElementKind::kInteger},
    ElementTypeInfo{ElementType::kInt32, "int32", 32, ElementKind::kInteger},
    ElementTypeInfo{ElementType::kFloat16, "float16", 16, ElementKind::kSmallFloat},
    ElementTypeInfo{ElementType::kDouble, "double", 64, ElementKind::kFloat},
    ElementTypeInfo{ElementType::kBfloat16, "bfloat16", 16, ElementKind::kSmallFloat},
    ElementTypeInfo{ElementType::kFloat8e4m3fn, "float8e4m3fn", 8, ElementKind::kSmallFloat},
    ElementTypeInfo{ElementType::kFloat8e4m3fnuz, "float8e4m3fnuz", 8, ElementKind::kSmallFloat},
    ElementTypeInfo{ElementType::kFloat8e5m2, "float8e5m2", 8, ElementKind::kSmallFloat},
    ElementTypeInfo{ElementType::kFloat8e5m2fnuz, "float8e5m2fnuz", 8, ElementKind::kSmallFloat},
    ElementTypeInfo{ElementType::kUint4, "uint4", 4, ElementKind::kInteger},
    ElementTypeInfo{ElementType::kInt4, "int4", 4, ElementKind::kInteger},
    ElementTypeInfo{ElementType::kFloat4e2m1, "float4e2m1", 4, ElementKind::kSmallFloat},
    ElementTypeInfo{ElementType::kFloat8e8m0, "float8e8m0", 8, ElementKind::kSmallFloat},
    ElementTypeInfo{ElementType::kUint2, "uint2", 2, ElementKind::kInteger},
    ElementTypeInfo{ElementType::kInt2, "int2", 2, ElementKind::kInteger},
};

// The row of kElementTypes.
const ElementTypeInfo& info(ElementType type);
inline int bits(ElementType type) { return info(type).bits; }
inline std::string_view name(ElementType type) { return info(type).name; }
inline bool is_integer(ElementType type) { return info(type).kind == ElementKind::kInteger; }

// The type with this TensorProto.DataType number. Any number not listed above is an error.
Result<ElementType> element_type(int64_t onnx_number);

// The codes of an integer type; nothing for the others.
std::optional<IntType> int_type(ElementType type);

}  // namespace zp
