#include "zeropoint/graph/tensor.h"

#include <gmock/gmock.h>
#include <array>

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ByteSize, FourBitElementsArePackedTwoToAByte) {
  EXPECT_EQ(byte_size(DataType::kInt4, Shape::make({5}).value()).value(), 3U);
  EXPECT_EQ(byte_size(DataType::kFloat, Shape::make({2, 3}).value()).value(), 24U);
}

TEST(Tensor, BytesThatDoNotFitTheShapeAreRefused) {
  const auto tensor = Tensor::make(DataType::kInt64, Shape::make({2}).value(), {});
  ASSERT_FALSE(tensor);
  EXPECT_THAT(tensor.error().message, HasSubstr("takes 16 bytes, got 0"));
}

TEST(Tensor, BytesCanBeViewedAsAnotherTypeAndShape) {
  auto tensor = Tensor::zeros(DataType::kUint4, Shape::make({2, 4}).value()).value();
  const auto bytes = std::move(tensor).viewed_as(DataType::kUint8, Shape::make({2, 2}).value());
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->type(), DataType::kUint8);
  EXPECT_EQ(bytes->shape().to_string(), "[2, 2]");
  auto other = Tensor::zeros(DataType::kUint4, Shape::make({2, 4}).value()).value();
  EXPECT_FALSE(std::move(other).viewed_as(DataType::kUint8, Shape::make({3}).value()));
}

TEST(Tensor, StringsHaveNoFixedSize) {
  EXPECT_FALSE(Tensor::zeros(DataType::kString, Shape::make({2}).value()));
}

TEST(ToFloats, ReadsEveryFloatType) {
  const std::array<double, 2> doubles{0.5, -3};
  const Shape shape = Shape::make({2}).value();
  EXPECT_THAT(to_floats(Tensor::of<double>(shape, doubles).value()).value(),
              ElementsAre(0.5F, -3.0F));
  // IEEE binary16: 0x3c00 is 1, 0xc000 is -2.
  const std::array<uint16_t, 2> half{0x3c00, 0xc000};
  const auto bytes = std::as_bytes(std::span(half));
  const auto tensor = Tensor::make(DataType::kFloat16, shape, {bytes.begin(), bytes.end()});
  EXPECT_THAT(to_floats(tensor.value()).value(), ElementsAre(1.0F, -2.0F));
  EXPECT_FALSE(to_floats(Tensor::zeros(DataType::kInt8, shape).value()));
}

TEST(ToIntegers, ReadsEveryWidthAndSign) {
  const Shape three = Shape::make({3}).value();
  const std::array<int8_t, 3> bytes{-128, 0, 127};
  EXPECT_THAT(to_integers(Tensor::of<int8_t>(three, bytes).value()).value(),
              ElementsAre(-128, 0, 127));
  const std::array<uint16_t, 3> words{0, 1, 65535};
  EXPECT_THAT(to_integers(Tensor::of<uint16_t>(three, words).value()).value(),
              ElementsAre(0, 1, 65535));
  // The first element of a byte is in its low half: 0x7f, 0x08 are the nibbles f, 7, 8.
  const std::vector<std::byte> packed{std::byte{0x7f}, std::byte{0x08}};
  EXPECT_THAT(to_integers(Tensor::make(DataType::kInt4, three, packed).value()).value(),
              ElementsAre(-1, 7, -8));
  EXPECT_THAT(to_integers(Tensor::make(DataType::kUint4, three, packed).value()).value(),
              ElementsAre(15, 7, 8));
  // 0x1b is the pairs 3, 2, 1, 0 from the lowest bits on.
  EXPECT_THAT(to_integers(Tensor::make(DataType::kInt2, three, {std::byte{0x1b}}).value()).value(),
              ElementsAre(-1, -2, 1));
  EXPECT_FALSE(to_integers(Tensor::zeros(DataType::kFloat, three).value()));
}

}  // namespace
}  // namespace zp
