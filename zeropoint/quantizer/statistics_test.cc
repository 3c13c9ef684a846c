#include "zeropoint/quantizer/statistics.h"

#include <gmock/gmock.h>

#include "zeropoint/quantizer/statistics_test_data.h"

namespace zp {
namespace {

float maximum(const CalibrationStatistics& statistics, const std::string& tensor = "t") {
  const auto observer = calibration_observer(statistics, tensor);
  EXPECT_TRUE(observer) << observer.error().message;
  return observer->statistics().extremes.max;
}

TEST(CalibrationPart, LeavesTheHeldBackSamplesOut) {
  // 8 and 16 are held back: multiples of 8.
  const auto statistics = statistics_of({1, 2, 3, 7, 8, 16});
  EXPECT_EQ(calibration_part(statistics), CalibrationPart::kFit);
  EXPECT_EQ(maximum(statistics), 7);
  EXPECT_EQ(calibration_observer(statistics, "c")->channels().size(), 2U);
}

TEST(CalibrationPart, TakesAllWhereFewerThanFourWouldBeLeft) {
  const auto statistics = statistics_of({1, 2, 3, 16});
  EXPECT_EQ(calibration_part(statistics), CalibrationPart::kAll);
  EXPECT_EQ(maximum(statistics), 16);
  EXPECT_EQ(maximum(statistics_of({8}), "c"), 8);
  EXPECT_EQ(maximum(statistics_of({1}), "c"), 3);
}

TEST(CalibrationPart, NamesATensorThatWasNotObserved) {
  EXPECT_EQ(calibration_observer(statistics_of({1}), "q").error().message,
            "there are no statistics of tensor \"q\"");
}

}  // namespace
}  // namespace zp
