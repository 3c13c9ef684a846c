#include "zeropoint/numerics/element_type.h"

#include <fmt/format.h>

#include <algorithm>

namespace zp {

const ElementTypeInfo& info(ElementType type) {
  return *std::ranges::find(kElementTypes, type, &ElementTypeInfo::type);
}

Result<ElementType> element_type(int64_t onnx_number) {
  for (const ElementTypeInfo& row : kElementTypes) {
    if (static_cast<int64_t>(row.type) == onnx_number) return row.type;
  }
  return fail(ErrorCode::kUnsupported,
              fmt::format("element type number {}: expected the TensorProto.DataType number of a "
                          "float or of an integer of 2, 4, 8, 16 bits or int32",
                          onnx_number));
}

std::optional<IntType> int_type(ElementType type) {
  const ElementTypeInfo& row = info(type);
  if (row.kind != ElementKind::kInteger) return std::nullopt;
  // The names of ONNX are those of IntType.
  if (auto parsed = IntType::parse(row.name)) return *parsed;
  return std::nullopt;
}

}  // namespace zp
