#include "zeropoint/numerics/range.h"

#include <gtest/gtest.h>

#include <cmath>

#include "zeropoint/numerics/test_params.h"

namespace zp {
namespace {

TEST(Range, HoldsEverythingUpToTheLargestFloat) {
  const auto range = make_range(-double{kLargestFloat}, double{kLargestFloat});
  ASSERT_TRUE(range);
  EXPECT_EQ(range->width(), 2 * double{kLargestFloat});
  EXPECT_EQ(range->magnitude(), double{kLargestFloat});
  EXPECT_TRUE(make_range(0, 0));
  EXPECT_TRUE(make_range(-0.0, 0.0));
  EXPECT_TRUE(make_range(double{kSmallestFloat}, double{kSmallestFloat}));
}

TEST(Range, WideningKeepsWhatIsInside) {
  EXPECT_EQ((Range{40, 1000}).widened_to(0), (Range{0, 1000}));
  EXPECT_EQ((Range{-7, -3}).widened_to(0), (Range{-7, 0}));
  EXPECT_EQ((Range{-20, 1000}).widened_to(0), (Range{-20, 1000}));
}

TEST(Range, MagnitudeIsThatOfTheFartherEnd) {
  EXPECT_EQ((Range{-20, 1000}).magnitude(), 1000);
  EXPECT_EQ((Range{-1000, 20}).magnitude(), 1000);
  EXPECT_EQ((Range{-7, -3}).magnitude(), 7);
  EXPECT_EQ((Range{3, 7}).magnitude(), 7);
}

TEST(Range, RefusesReversedEnds) {
  EXPECT_EQ(make_range(1, -1).error().message, "range [1, -1]: reversed, expected min <= max");
  EXPECT_EQ(make_range(1, -1).error().code, ErrorCode::kInvalidArgument);
}

TEST(Range, RefusesWhatIsNotAFiniteFloat) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(make_range(std::nan(""), 1).error().message,
            "range [nan, 1]: nan is not a finite float32 value");
  EXPECT_EQ(make_range(0, std::nan("")).error().message,
            "range [0, nan]: nan is not a finite float32 value");
  EXPECT_EQ(make_range(-kInf, 1).error().message,
            "range [-inf, 1]: -inf is not a finite float32 value");
  EXPECT_EQ(make_range(0, kInf).error().message,
            "range [0, inf]: inf is not a finite float32 value");
  EXPECT_EQ(make_range(0, 1e39).error().message,
            "range [0, 1e+39]: 1e+39 is not a finite float32 value");
  EXPECT_FALSE(make_range(0, std::nextafter(double{kLargestFloat}, kInf)));
}

}  // namespace
}  // namespace zp
