#include "zeropoint/data/fit_input.h"

#include <cmath>
#include <limits>

#include "zeropoint/data/test_files.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const InputSpec kImage{"x", DataType::kFloat, {1, 3, 2, 2}};

template <class T>
Tensor tensor(std::vector<int64_t> dims, std::vector<T> values) {
  return Tensor::of<T>(shape_of(std::move(dims)), std::span<const T>(values)).value();
}

std::string fed(std::vector<int64_t> dims, const InputSpec& input) {
  const auto shape = fed_shape(DataType::kFloat, shape_of(std::move(dims)), input);
  return shape ? shape->to_string() : shape.error().message;
}

TEST(FedShape, OneRankLessGetsTheBatchAxis) {
  EXPECT_EQ(fed({1, 3, 2, 2}, kImage), "[1, 3, 2, 2]");
  EXPECT_EQ(fed({3, 2, 2}, kImage), "[1, 3, 2, 2]");
  const InputSpec open{"x", DataType::kFloat, {-1, 3, -1}, {"batch", "", ""}};
  EXPECT_EQ(fed({7, 3, 9}, open), "[7, 3, 9]");
  EXPECT_EQ(fed({3, 9}, open), "[1, 3, 9]");
  EXPECT_EQ(fed({5, 5}, {.name = "x", .type = DataType::kFloat, .dims = {}, .has_rank = false}),
            "[5, 5]");
}

TEST(FedShape, OtherShapesSayWhatIsWantedAndWhatToDo) {
  EXPECT_EQ(
      fed({1, 2, 2, 3}, kImage),
      "expected float [1, 3, 2, 2], got float [1, 2, 2, 3]; one file is one run of the model");
  EXPECT_THAT(fed({8, 3, 2, 2}, kImage), HasSubstr("if its axis 0 holds many samples, say --rows"));
  EXPECT_THAT(fed({3, 2, 2}, {"x", DataType::kFloat, {4, 3, 2, 2}}),
              HasSubstr("a run takes 4 samples, stacked along axis 0"));
  EXPECT_THAT(fed({2}, {"x", DataType::kFloat, {-1, 3, -1}, {"batch", "", ""}}),
              HasSubstr("expected float [batch, 3, ?], got float [2]"));
}

TEST(Converts, WhatEveryValueSurvives) {
  EXPECT_TRUE(converts(DataType::kInt32, DataType::kInt64));
  EXPECT_TRUE(converts(DataType::kUint8, DataType::kInt16));
  EXPECT_TRUE(converts(DataType::kUint8, DataType::kFloat));
  EXPECT_TRUE(converts(DataType::kInt32, DataType::kDouble));
  EXPECT_TRUE(converts(DataType::kDouble, DataType::kFloat));
  EXPECT_TRUE(converts(DataType::kFloat, DataType::kFloat16));
  EXPECT_TRUE(converts(DataType::kBool, DataType::kBool));
  EXPECT_FALSE(converts(DataType::kInt64, DataType::kInt32));
  EXPECT_FALSE(converts(DataType::kInt64, DataType::kFloat));
  EXPECT_FALSE(converts(DataType::kInt32, DataType::kFloat));
  EXPECT_FALSE(converts(DataType::kInt16, DataType::kFloat16));
  EXPECT_FALSE(converts(DataType::kInt8, DataType::kUint16));
  EXPECT_FALSE(converts(DataType::kUint8, DataType::kInt8));
  EXPECT_FALSE(converts(DataType::kFloat, DataType::kInt32));
  EXPECT_FALSE(converts(DataType::kBool, DataType::kFloat));
}

TEST(FitInput, ConvertsTheElements) {
  const InputSpec floats{"x", DataType::kFloat, {2}};
  EXPECT_THAT(elements<float>(fit_input(tensor<double>({2}, {0.1, -1e300 * 0}), floats).value()),
              ElementsAre(0.1F, 0.0F));
  EXPECT_THAT(elements<float>(fit_input(tensor<uint8_t>({2}, {0, 255}), floats).value()),
              ElementsAre(0.0F, 255.0F));
  const InputSpec longs{"x", DataType::kInt64, {2}};
  EXPECT_THAT(elements<int64_t>(fit_input(tensor<int32_t>({2}, {-7, 9}), longs).value()),
              ElementsAre(-7, 9));
  // IEEE binary16 of 1.5 is 0x3e00.
  const InputSpec halves{"x", DataType::kFloat16, {1}};
  const Tensor half = fit_input(tensor<float>({1}, {1.5F}), halves).value();
  EXPECT_THAT(half.as<uint16_t>(), ElementsAre(0x3e00));
  EXPECT_THAT(elements<float>(fit_input(half, {"x", DataType::kFloat, {1}}).value()),
              ElementsAre(1.5F));
}

TEST(FitInput, TypesThatDoNotConvertAreRefused) {
  EXPECT_EQ(message(fit_input(tensor<int64_t>({1, 3, 1, 1}, {1, 2, 3}),
                              {"x", DataType::kFloat, {1, 3, 1, 1}})),
            "expected float [1, 3, 1, 1], got int64 [1, 3, 1, 1]; save it as float");
}

TEST(FitInput, ANumberBeyondTheTypeIsRefused) {
  EXPECT_EQ(message(fit_input(tensor<double>({2}, {1, 1e300}), {"x", DataType::kFloat, {2}})),
            "element 1 is 1e+300, beyond what float holds");
  EXPECT_THAT(message(fit_input(tensor<float>({1}, {70000}), {"x", DataType::kFloat16, {1}})),
              HasSubstr("beyond what float16 holds"));
}

TEST(FitInput, NanIsRefusedAndInfinityFed) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const InputSpec input{"x", DataType::kFloat, {3}};
  EXPECT_EQ(message(fit_input(tensor<float>({3}, {1, 2, kNan}), input)),
            "contains NaN at element 2");
  EXPECT_THAT(elements<float>(fit_input(tensor<float>({3}, {1, -kInfinity, 2}), input).value()),
              ElementsAre(1, -kInfinity, 2));
  const InputSpec halves{"x", DataType::kFloat16, {1}};
  EXPECT_EQ(message(fit_input(tensor<double>({1}, {std::nan("")}), halves)),
            "contains NaN at element 0");
}

}  // namespace
}  // namespace zp
