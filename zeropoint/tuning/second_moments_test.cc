#include "zeropoint/tuning/second_moments.h"

#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "zeropoint/tuning/code_grid.h"

namespace zp {
namespace {

using ::testing::HasSubstr;

struct Rows {
  int64_t groups;
  int64_t taps;
  int64_t channels;
  int64_t rows;
  std::vector<float> codes;         // [rows, taps, groups * channels]
  std::vector<float> float_values;  // in quarters of a code

  Rows(int64_t g, int64_t t, int64_t c, int64_t r, int largest)
      : groups(g), taps(t), channels(c), rows(r) {
    std::mt19937 random(7);
    std::uniform_int_distribution<int> code(-largest, largest);
    std::uniform_int_distribution<int> quarter(-20, 20);
    for (int64_t i = 0; i < r * g * t * c; ++i) {
      codes.push_back(static_cast<float>(code(random)));
      float_values.push_back(codes.back() + static_cast<float>(quarter(random)) / 4);
    }
  }
  int64_t length() const { return taps * channels; }
  // Element k = tap * channels + c of a filter of the group.
  double at(const std::vector<float>& values, int64_t row, int64_t group, int64_t k) const {
    const int64_t column = k / channels * groups * channels + group * channels + k % channels;
    return double{values[static_cast<size_t>(row * groups * length() + column)]};
  }
  RowsOfSample sample(MomentsKind kind) const {
    return {rows, taps, channels, codes,
            kind == MomentsKind::kInput ? std::span<const float>() : float_values};
  }
};

void expect_sums_of_products(const Rows& rows, int32_t largest) {
  MomentsSum sum({1, largest}, rows.groups, rows.length(), MomentsKind::kWithFloatInput);
  const Status status = sum.add(rows.sample(MomentsKind::kWithFloatInput));
  ASSERT_TRUE(status) << status.error().message;
  const SecondMoments moments = sum.take();
  EXPECT_EQ(moments.rows, rows.rows);
  for (int64_t g = 0; g < rows.groups; ++g) {
    for (int64_t i = 0; i < rows.length(); ++i) {
      double total = 0;
      double difference = 0;
      for (int64_t r = 0; r < rows.rows; ++r) {
        total += rows.at(rows.codes, r, g, i);
        difference += rows.at(rows.float_values, r, g, i) - rows.at(rows.codes, r, g, i);
      }
      ASSERT_EQ(moments.sum[static_cast<size_t>(g * rows.length() + i)], total);
      ASSERT_EQ(moments.difference[static_cast<size_t>(g * rows.length() + i)], difference);
      for (int64_t j = 0; j < rows.length(); ++j) {
        double product = 0;
        double cross = 0;
        for (int64_t r = 0; r < rows.rows; ++r) {
          const double x = rows.at(rows.codes, r, g, j);
          product += rows.at(rows.codes, r, g, i) * x;
          cross += (rows.at(rows.float_values, r, g, i) - rows.at(rows.codes, r, g, i)) * x;
        }
        const auto at = static_cast<size_t>((g * rows.length() + i) * rows.length() + j);
        ASSERT_EQ(moments.product[at], product) << g << ", " << i << ", " << j;
        ASSERT_EQ(moments.cross[at], cross) << g << ", " << i << ", " << j;
      }
    }
  }
}

// The sums written out. Quarters times integers are exact in doubles.
TEST(SecondMoments, AreSumsOfProductsOfCodes) {
  expect_sums_of_products({1, 3, 5, 40, 255}, 255);
  expect_sums_of_products({3, 2, 4, 21, 255}, 255);
  expect_sums_of_products({7, 9, 1, 33, 255}, 255);
  expect_sums_of_products({1, 1, 300, 3, 255}, 255);   // more than one panel of columns
  expect_sums_of_products({1, 1, 3, 1500, 255}, 255);  // more rows than one sum of int32 holds
}

TEST(SecondMoments, OfSixteenBitsAreExactToo) {
  expect_sums_of_products({1, 3, 5, 40, 65535}, 65535);
  expect_sums_of_products({3, 2, 1, 600, 65535}, 65535);
}

TEST(SecondMoments, MergeIntoWhatOneSumGives) {
  const Rows rows(2, 3, 2, 50, 200);
  const MomentsKind kind = MomentsKind::kWithFloatInput;
  const auto part = [&](int64_t begin, int64_t end) {
    MomentsSum sum({1, 255}, 2, 6, kind);
    const auto cut = [&](const std::vector<float>& values) {
      return std::span(values).subspan(static_cast<size_t>(begin * 12),
                                       static_cast<size_t>((end - begin) * 12));
    };
    EXPECT_TRUE(sum.add({end - begin, 3, 2, cut(rows.codes), cut(rows.float_values)}));
    return sum.take();
  };
  const SecondMoments whole = part(0, 50);
  SecondMoments merged = part(31, 50);
  ASSERT_TRUE(merge(merged, part(0, 31)));
  EXPECT_EQ(merged.rows, whole.rows);
  EXPECT_EQ(merged.sum, whole.sum);
  EXPECT_EQ(merged.product, whole.product);
  EXPECT_EQ(merged.difference, whole.difference);
  EXPECT_EQ(merged.cross, whole.cross);
  EXPECT_FALSE(merge(merged, SecondMoments::zeros({0.5, 255}, 2, 6, kind)));
}

// Differences count up to the largest code: a float value of 1e6 where the code is 10.
TEST(SecondMoments, LimitDifferences) {
  MomentsSum sum({1, 255}, 1, 1, MomentsKind::kWithFloatInput);
  ASSERT_TRUE(sum.add({1, 1, 1, std::vector<float>{10}, std::vector<float>{1e6F}}));
  EXPECT_EQ(sum.take().cross[0], 255.0 * 10);
}

TEST(SecondMoments, RefuseWhatAreNoCodes) {
  MomentsSum sum({0.5, 10}, 1, 2, MomentsKind::kInput);
  const auto message = [&](std::vector<float> values) {
    const Status status = sum.add({1, 1, 2, values, {}});
    return status ? "added" : status.error().message;
  };
  EXPECT_EQ(message({5, -5}), "added");
  EXPECT_EQ(message({1, 5.5F}), "a value of 5.5 at scale 0.5; expected codes of at most 10");
  EXPECT_EQ(message({1, NAN}), "NaN or infinity among its data");
  EXPECT_EQ(message({1, INFINITY}), "NaN or infinity among its data");
  EXPECT_THAT(message({1, 2, 3}), HasSubstr("do not fit filters of 2"));
}

}  // namespace
}  // namespace zp
