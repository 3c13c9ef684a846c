#include "zeropoint/base/progress.h"

#include <gtest/gtest.h>

namespace zp {
namespace {

TEST(Progress, GoesOnWhereNobodyAsks) {
  EXPECT_TRUE(report_progress({}, {.what = "reading", .done = 1, .total = 2}));
}

TEST(Progress, TellsTheCallbackHowFarItIs) {
  Progress seen;
  const auto callback = [&](const Progress& progress) {
    seen = progress;
    return ProgressAnswer::kContinue;
  };
  EXPECT_TRUE(report_progress(callback, {.what = "reading", .done = 1, .total = 2}));
  EXPECT_EQ(seen.what, "reading");
  EXPECT_EQ(seen.done, 1);
  EXPECT_EQ(seen.total, 2);
}

TEST(Progress, CancellingIsAnErrorThatSaysHowFarItCame) {
  const auto cancel = [](const Progress&) { return ProgressAnswer::kCancel; };
  const Status known = report_progress(cancel, {.what = "reading", .done = 1, .total = 2});
  ASSERT_FALSE(known);
  EXPECT_EQ(known.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(known.error().message, "reading: cancelled after 1 of 2");
  const Status unknown = report_progress(cancel, {.what = "reading", .done = 7, .total = 0});
  EXPECT_EQ(unknown.error().message, "reading: cancelled after 7");
}

}  // namespace
}  // namespace zp
