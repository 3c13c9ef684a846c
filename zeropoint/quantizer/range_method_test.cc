#include "zeropoint/quantizer/range_method.h"

#include <gmock/gmock.h>

#include <vector>

#include "zeropoint/observe/ranges/entropy.h"
#include "zeropoint/observe/ranges/mean_squared_error.h"

namespace zp {
namespace {

using ::testing::HasSubstr;

TEST(RangeMethod, NamesAreReadBack) {
  for (const char* text :
       {"minmax", "percentile:99.99", "percentile:100", "mse", "entropy", "-1.5..6", "0..1e+30"}) {
    const auto method = RangeMethod::parse(text);
    ASSERT_TRUE(method) << text;
    EXPECT_EQ(method->name(), text);
  }
  EXPECT_EQ(RangeMethod::parse("percentile")->name(), "percentile:99.99");
}

TEST(RangeMethod, WhatIsNoneIsAnErrorThatListsTheForms) {
  for (const char* text : {"", "MinMax", "percentile:", "percentile:0", "percentile:100.1",
                           "percentile:nan", "percentile99", "mse:1", "1", "..", "1..", "a..b"}) {
    const auto method = RangeMethod::parse(text);
    ASSERT_FALSE(method) << text;
    EXPECT_THAT(method.error().message, HasSubstr("expected minmax, percentile")) << text;
  }
  // A reversed range says what is wrong with it.
  EXPECT_FALSE(RangeMethod::parse("6..1"));
  EXPECT_FALSE(RangeMethod::parse("0..inf"));
}

Observer hundred() {
  std::vector<float> values;
  for (int i = 1; i <= 100; ++i) values.push_back(static_cast<float>(i));
  values.push_back(-50);
  Observer observer;
  EXPECT_TRUE(observer.observe(values));
  return observer;
}

Range chosen(const char* method, Scheme scheme = Scheme::kAffine) {
  const auto range = choose_range(hundred(), RangeMethod::parse(method).value(), IntType::kInt8,
                                  {.scheme = scheme});
  EXPECT_TRUE(range) << range.error().message;
  return *range;
}

TEST(ChooseRange, DoesAsItsMethodSays) {
  EXPECT_EQ(chosen("minmax"), (Range{-50, 100}));
  EXPECT_EQ(chosen("-2..7.5"), (Range{-2, 7.5}));
  const ParamOptions options;
  EXPECT_EQ(chosen("mse"),
            mean_squared_error_range(hundred(), IntType::kInt8, options).value().range);
  EXPECT_EQ(chosen("entropy"), entropy_range(hundred(), IntType::kInt8, options).value().range);
}

// Of 101 values 90 % leave out 5 at each end, or the 10 of largest magnitude.
TEST(ChooseRange, APercentileLeavesOutByMagnitudeWhereTheScaleIsSymmetric) {
  EXPECT_EQ(chosen("percentile:90"), (Range{5, 95}));
  EXPECT_EQ(chosen("percentile:90", Scheme::kSymmetric), (Range{-50, 90}));
}

TEST(ChooseRange, NeedsAValue) {
  EXPECT_FALSE(choose_range(Observer(), RangeMethod(), IntType::kInt8, {}));
}

}  // namespace
}  // namespace zp
