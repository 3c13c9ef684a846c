#include "zeropoint/graph/data_type.h"

#include <algorithm>
#include <array>

namespace zp {
namespace {

struct Info {
  DataType type;
  std::string_view name;
  int bits;
};

constexpr std::array kInfos{
    Info{DataType::kFloat, "float", 32},
    Info{DataType::kUint8, "uint8", 8},
    Info{DataType::kInt8, "int8", 8},
    Info{DataType::kUint16, "uint16", 16},
    Info{DataType::kInt16, "int16", 16},
    Info{DataType::kInt32, "int32", 32},
    Info{DataType::kInt64, "int64", 64},
    Info{DataType::kString, "string", 0},
    Info{DataType::kBool, "bool", 8},
    Info{DataType::kFloat16, "float16", 16},
    Info{DataType::kDouble, "double", 64},
    Info{DataType::kUint32, "uint32", 32},
    Info{DataType::kUint64, "uint64", 64},
    Info{DataType::kComplex64, "complex64", 64},
    Info{DataType::kComplex128, "complex128", 128},
    Info{DataType::kBfloat16, "bfloat16", 16},
    Info{DataType::kFloat8e4m3fn, "float8e4m3fn", 8},
    Info{DataType::kFloat8e4m3fnuz, "float8e4m3fnuz", 8},
    Info{DataType::kFloat8e5m2, "float8e5m2", 8},
    Info{DataType::kFloat8e5m2fnuz, "float8e5m2fnuz", 8},
    Info{DataType::kUint4, "uint4", 4},
    Info{DataType::kInt4, "int4", 4},
    Info{DataType::kFloat4e2m1, "float4e2m1", 4},
    Info{DataType::kFloat8e8m0, "float8e8m0", 8},
    Info{DataType::kUint2, "uint2", 2},
    Info{DataType::kInt2, "int2", 2},
};

const Info* find(DataType type) {
  const auto* found = std::ranges::find(kInfos, type, &Info::type);
  return found == kInfos.end() ? nullptr : found;
}

}  // namespace

bool is_known_data_type(int32_t onnx_number) {
  return find(static_cast<DataType>(onnx_number)) != nullptr;
}

std::string_view name(DataType type) {
  const Info* info = find(type);
  return info ? info->name : "undefined";
}

int bits(DataType type) {
  const Info* info = find(type);
  return info ? info->bits : 0;
}

}  // namespace zp
