#include "zeropoint/evaluate/classification.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace zp {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

OutputView view(const std::vector<float>& scores, std::vector<int64_t> dims) {
  return {.type = DataType::kFloat,
          .shape = Shape::make(std::move(dims)).value(),
          .bytes = std::as_bytes(std::span(scores))};
}

Result<ScoreRows> rows(std::vector<int64_t> dims) {
  return score_rows(Shape::make(std::move(dims)).value());
}

TEST(ScoreRows, AreTheSamplesAndTheOneDimensionOfClasses) {
  EXPECT_EQ(rows({10}).value(), (ScoreRows{1, 10}));
  EXPECT_EQ(rows({1, 10}).value(), (ScoreRows{1, 10}));
  EXPECT_EQ(rows({8, 1000, 1, 1}).value(), (ScoreRows{8, 1000}));
  EXPECT_EQ(rows({8, 1, 1, 1001}).value(), (ScoreRows{8, 1001}));
  for (const auto& dims : std::vector<std::vector<int64_t>>{{}, {1}, {10, 1}, {1, 21, 32, 32}}) {
    EXPECT_FALSE(rows(dims));
  }
}

TEST(PlaceOf, CountsTheClassesBefore) {
  EXPECT_EQ(place_of(std::vector<float>{0.1F, 0.7F, 0.2F}, 1), 0);
  EXPECT_EQ(place_of(std::vector<float>{0.1F, 0.7F, 0.2F}, 0), 2);
  // Equal scores: the lower class first, as argmax has it.
  EXPECT_EQ(place_of(std::vector<float>{3, 5, 5}, 1), 0);
  EXPECT_EQ(place_of(std::vector<float>{3, 5, 5}, 2), 1);
  EXPECT_EQ(place_of(std::vector<float>{kNan, 5, 7}, 1), 1);
  EXPECT_EQ(place_of(std::vector<float>{kNan, 5, 7}, 0), 3);
}

TEST(TopClass, IsThatOfTheHighestScore) {
  EXPECT_EQ(top_class(std::vector<float>{kNan, 5, 7, 7}), 2);
  EXPECT_EQ(top_class(std::vector<float>{kNan, kNan}), -1);
}

TEST(Classification, CountsRightAnswersAndWhereTheTwoDiffer) {
  // Six classes. Label by row: 5, 0, 1.
  const std::vector<float> reference{0, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 0, 9, 1, 2, 3, 4, 5};
  const std::vector<float> quantized{6, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 0, 0, 9, 2, 3, 4, 5};
  Classification counts;
  const Status status =
      counts.add(view(reference, {3, 6}), view(quantized, {3, 6}), std::vector<int64_t>{5, 0, 1});
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(counts, (Classification{.samples = 3,
                                    .classes = 6,
                                    .reference_top1 = 2,
                                    .reference_top5 = 2,  // class 1 is the last of the third
                                    .quantized_top1 = 2,
                                    .quantized_top5 = 3,
                                    .agreeing = 1,
                                    .only_reference_right = 1,
                                    .only_quantized_right = 1}));
  Classification both;
  both.merge(counts);
  both.merge(counts);
  EXPECT_EQ(both.samples, 6);
  EXPECT_EQ(both.classes, 6);
  EXPECT_EQ(both.paired().only_first, 2);
}

std::string error_of(std::vector<int64_t> dims, std::vector<int64_t> other,
                     const std::vector<int64_t>& labels) {
  const std::vector<float> scores(16);
  Classification counts;
  const auto first = view(scores, std::move(dims));
  const auto status = counts.add(first, view(scores, std::move(other)), labels);
  return status ? "" : status.error().message;
}

TEST(Classification, WhatDoesNotFitIsAnError) {
  EXPECT_EQ(error_of({2, 8}, {8, 2}, {0, 0}),
            "it is [2, 8] in the float model and [8, 2] in the quantized one");
  EXPECT_EQ(error_of({2, 8}, {2, 8}, {0}), "it holds the scores of 2 samples, one run has 1 label");
  EXPECT_EQ(error_of({2, 8}, {2, 8}, {7, 8}), "label 8 is no class: it has 8, from 0 to 7");
  EXPECT_EQ(error_of({2, 2, 4}, {2, 2, 4}, {0, 0}),
            "its shape [2, 2, 4] is not that of class scores, [samples, classes]");
}

}  // namespace
}  // namespace zp
