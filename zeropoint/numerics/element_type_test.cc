#include "zeropoint/numerics/element_type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zp {
namespace {

TEST(ElementType, IsFoundByItsOnnxNumber) {
  // Numbers of TensorProto.DataType in onnx.proto.
  EXPECT_EQ(element_type(1), ElementType::kFloat);
  EXPECT_EQ(element_type(10), ElementType::kFloat16);
  EXPECT_EQ(element_type(16), ElementType::kBfloat16);
  EXPECT_EQ(element_type(19), ElementType::kFloat8e5m2);
  EXPECT_EQ(element_type(22), ElementType::kInt4);
  EXPECT_EQ(element_type(26), ElementType::kInt2);
}

TEST(ElementType, RefusesTypesThatQuantizationDoesNotMeet) {
  for (const int64_t number : {0, 7, 8, 9, 14, 99, -1}) {
    const auto type = element_type(number);
    ASSERT_FALSE(type) << number;
    EXPECT_THAT(type.error().message, testing::HasSubstr(std::to_string(number)));
  }
}

TEST(ElementType, AnIntegerHasTheCodesOfItsName) {
  for (const ElementTypeInfo& row : kElementTypes) {
    const auto codes = int_type(row.type);
    ASSERT_EQ(codes.has_value(), row.kind == ElementKind::kInteger) << row.name;
    if (!codes) continue;
    EXPECT_EQ(codes->bits(), row.bits);
    EXPECT_EQ(codes->is_signed(), !row.name.starts_with("u"));
  }
}

}  // namespace
}  // namespace zp
