#include "zeropoint/tuning/input_rows.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/support/onnx_text.h"

namespace zp {
namespace {

using ::testing::ElementsAre;

onnx::NodeProto node(const std::string& op) {
  return onnx_model("g (float x, float w) => (float y) { y = " + op + "(x, w) }").graph().node(0);
}

// gather_test.cc has every operator against the engine's outputs. Here: order within a row.
TEST(InputRows, AreInPairingOrder) {
  // Channels 0..3 and 10..13 of a picture of 2 x 2, a kernel of 1 x 2 with one column of padding
  // in front.
  const std::vector<float> data{0, 1, 2, 3, 10, 11, 12, 13};
  const auto rows = InputRows::make(node("Conv<pads=[0,1,0,0]>"), std::vector<int64_t>{1, 2, 1, 2},
                                    std::vector<int64_t>{1, 2, 2, 2});
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->count(), 4);
  EXPECT_EQ(rows->length(), 4);
  std::vector<float> copied(8);
  rows->copy(data.data(), std::vector<int64_t>{8, 4, 2, 1}, std::vector<int64_t>{0, 3},
             copied.data());
  EXPECT_THAT(copied, ElementsAre(0, 0, 0, 10, 2, 12, 3, 13));
  // The same picture with its channels last.
  const std::vector<float> last{0, 10, 1, 11, 2, 12, 3, 13};
  rows->copy(last.data(), std::vector<int64_t>{8, 1, 4, 2}, std::vector<int64_t>{0, 3},
             copied.data());
  EXPECT_THAT(copied, ElementsAre(0, 0, 0, 10, 2, 12, 3, 13));
}

TEST(InputRows, RefuseWhatDoesNotFit) {
  const std::vector<int64_t> weight{4, 3, 3, 3};
  EXPECT_FALSE(InputRows::make(node("Conv"), weight, std::vector<int64_t>{1, 4, 8, 8}));
  EXPECT_FALSE(InputRows::make(node("Conv"), weight, std::vector<int64_t>{3, 8, 8}));
  EXPECT_FALSE(InputRows::make(node("MatMul"), weight, std::vector<int64_t>{3, 8}));
  const auto transpose =
      InputRows::make(node("ConvTranspose"), weight, std::vector<int64_t>{1, 4, 8, 8});
  ASSERT_FALSE(transpose);
  EXPECT_EQ(transpose.error().code, ErrorCode::kUnsupported);
}

TEST(ChooseRows, TakesAllWhereThereAreNoMore) {
  EXPECT_THAT(choose_rows(3, 3, 7), ElementsAre(0, 1, 2));
  EXPECT_THAT(choose_rows(3, 9, 7), ElementsAre(0, 1, 2));
  EXPECT_THAT(choose_rows(0, 9, 7), ElementsAre());
}

// No gap is more than three times the mean one (by the three-gap theorem it is about 2.6 times).
TEST(ChooseRows, SpreadsDifferentRowsEvenly) {
  for (const int64_t count : {20, 64, 3136, 4096, 173056}) {
    for (const int64_t wanted : {5, 16, 19}) {
      const auto rows = choose_rows(count, wanted, 12345);
      ASSERT_EQ(rows.size(), static_cast<size_t>(wanted));
      EXPECT_EQ(std::set<int64_t>(rows.begin(), rows.end()).size(), rows.size());
      for (size_t i = 1; i < rows.size(); ++i) {
        EXPECT_LE(rows[i] - rows[i - 1], 3 * (count / wanted + 1)) << count << " " << wanted;
      }
    }
  }
  // In a picture of 64 columns, equal steps of 64 would always meet the same one.
  std::set<int64_t> columns;
  for (const int64_t row : choose_rows(64 * 64, 64, 0)) columns.insert(row % 64);
  EXPECT_GE(columns.size(), 32U);
}

TEST(ChooseRows, DependsOnTheSeed) {
  EXPECT_EQ(choose_rows(1000, 10, 3), choose_rows(1000, 10, 3));
  EXPECT_NE(choose_rows(1000, 10, 3), choose_rows(1000, 10, 4));
}

}  // namespace
}  // namespace zp
