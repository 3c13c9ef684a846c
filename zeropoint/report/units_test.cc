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

TEST(JsonNumber, WritesWhatJsonHasNoNumberForAsText) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(json_number(0.25).dump(), "0.25");
  EXPECT_EQ(json_number(kInfinity).dump(), "\"inf\"");
  EXPECT_EQ(json_number(-kInfinity).dump(), "\"-inf\"");
  EXPECT_EQ(json_number(std::numeric_limits<double>::quiet_NaN()).dump(), "\"nan\"");
}

}  // namespace
}  // namespace zp
