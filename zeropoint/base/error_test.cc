#include "zeropoint/base/error.h"

#include <gtest/gtest.h>

#include <memory>

namespace zp {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return invalid_argument("odd");
  return value / 2;
}

Result<int> quarter(int value) {
  ZP_ASSIGN_OR_RETURN(const int once, half(value));
  ZP_ASSIGN_OR_RETURN(const int twice, half(once));
  return twice;
}

Status check_even(int value) {
  ZP_RETURN_IF_ERROR(half(value));
  return {};
}

TEST(Error, MacrosPassValuesOnAndErrorsOut) {
  EXPECT_EQ(quarter(12), 3);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_TRUE(check_even(2));
  EXPECT_EQ(check_even(3).error().code, ErrorCode::kInvalidArgument);
}

TEST(Error, AssignMovesValuesThatCannotBeCopied) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  const auto take = [&]() -> Result<int> {
    ZP_ASSIGN_OR_RETURN(const std::unique_ptr<int> value, make());
    return *value;
  };
  EXPECT_EQ(take(), 7);
}

TEST(Error, AtPutsThePlaceInFrontAndKeepsTheCode) {
  Error error{ErrorCode::kInvalidData, "truncated"};
  const Error placed = std::move(error).at("tensor \"w\"").at("model.onnx");
  EXPECT_EQ(placed.message, "model.onnx: tensor \"w\": truncated");
  EXPECT_EQ(placed.code, ErrorCode::kInvalidData);
}

}  // namespace
}  // namespace zp
