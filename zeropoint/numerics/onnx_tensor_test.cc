#include "zeropoint/numerics/onnx_tensor.h"

#include <gmock/gmock.h>

#include "zeropoint/numerics/onnx_test_tensors.h"

namespace zp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<int> bytes(const OnnxTensor& tensor) {
  std::vector<int> all;
  for (const std::byte each : tensor.bytes()) all.push_back(std::to_integer<int>(each));
  return all;
}

// TensorProto.raw_data: "the first element is in the lowest bits".
TEST(OnnxTensor, PacksTheFirstElementIntoTheLowestBits) {
  EXPECT_THAT(bytes(codes(ElementType::kInt4, {3}, {1, -2, 7})), ElementsAre(0xE1, 0x07));
  EXPECT_THAT(bytes(codes(ElementType::kUint2, {5}, {1, 2, 3, 0, 2})), ElementsAre(0x39, 0x02));
  EXPECT_THAT(bytes(codes(ElementType::kInt16, {1}, {-2})), ElementsAre(0xFE, 0xFF));
}

TEST(OnnxTensor, GivesBackEveryCodeOfEveryIntegerType) {
  for (const ElementTypeInfo& row : kElementTypes) {
    const auto type = int_type(row.type);
    if (!type || type->bits() > 16) continue;
    std::vector<int32_t> all;
    for (int32_t code = type->codes().qmin; code <= type->codes().qmax; ++code) all.push_back(code);
    const OnnxTensor tensor = codes(row.type, {static_cast<int64_t>(all.size())}, all);
    EXPECT_THAT(numbers(tensor), testing::ElementsAreArray(all)) << row.name;
  }
}

TEST(OnnxTensor, OverwritesOneElementAndLeavesItsNeighbours) {
  OnnxTensor tensor = codes(ElementType::kUint4, {4}, {15, 15, 15, 15});
  tensor.set_bits(1, 4);
  EXPECT_THAT(numbers(tensor), ElementsAre(15, 4, 15, 15));
}

TEST(OnnxTensor, RefusesBytesThatDoNotFillTheShape) {
  const auto tensor = OnnxTensor::make(ElementType::kUint4, shape({3}), std::vector<std::byte>(3));
  EXPECT_THAT(message(tensor), HasSubstr("uint4 tensor of shape [3]: 3 bytes, expected 2"));
  const auto huge = OnnxTensor::make(ElementType::kDouble, shape({INT64_MAX}), {});
  EXPECT_THAT(message(huge), HasSubstr("too large"));
}

TEST(OnnxTensor, ClearsTheBitsAfterTheLastElement) {
  const auto tensor = OnnxTensor::make(ElementType::kUint2, shape({3}), {std::byte{0xFF}});
  EXPECT_THAT(bytes(*tensor), ElementsAre(0x3F));
}

TEST(OnnxTensor, HoldsTheElementOfAScalarAndNoneOfAnEmptyShape) {
  EXPECT_THAT(numbers(scalar(2.5f)), ElementsAre(2.5));
  EXPECT_EQ(OnnxTensor(ElementType::kInt4, shape({0, 3})).bytes().size(), 0u);
}

}  // namespace
}  // namespace zp
