#include "zeropoint/report/units.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace zp {
namespace {

TEST(SizeText, GoesByPowersOf1000) {
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(45231), "45.2 kB");
  EXPECT_EQ(size_text(14250000), "14.25 MB");
  EXPECT_EQ(size_text(3100000000), "3.10 GB");
}

TEST(CountText, GoesByPowersOf1000) {
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(147456), "147.5 k");
  EXPECT_EQ(count_text(41030000), "41.03 M");
  EXPECT_EQ(count_text(1140000000), "1.14 G");
}

TEST(ShareText, NeverRoundsARestAway) {
  EXPECT_EQ(share_text(1, 3), "33.3 %");
  EXPECT_EQ(share_text(3, 3), "100 %");
  EXPECT_EQ(share_text(99999, 100000), "99.9 %");
  EXPECT_EQ(share_text(0, 0), "0 %");
}

TEST(JsonNumber, WritesWhatJsonHasNoNumberForAsText) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(json_number(0.25).dump(), "0.25");
  EXPECT_EQ(json_number(kInfinity).dump(), "\"inf\"");
  EXPECT_EQ(json_number(-kInfinity).dump(), "\"-inf\"");
  EXPECT_EQ(json_number(std::numeric_limits<double>::quiet_NaN()).dump(), "\"nan\"");
}

}  // namespace
}  // namespace zp
