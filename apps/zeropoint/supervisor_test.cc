#include "apps/zeropoint/supervisor.h"

#include <gmock/gmock.h>

#include <csignal>

namespace zp::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kCrashed = 77;

TEST(Supervisor, PassesOnTheStatusOfTheWork) {
  EXPECT_EQ(supervise([] { return 5; }, [](const std::string&) { return kCrashed; }), 5);
}

TEST(Supervisor, ACrashBecomesAMessageThatNamesSignalAndStage) {
  std::string message;
  const int status = supervise(
      [] {
        set_stage("calibrating");
        std::signal(SIGSEGV, SIG_DFL);  // not the test framework's or a sanitizer's handler
        ::raise(SIGSEGV);
        return 0;
      },
      [&](const std::string& text) {
        message = text;
        return kCrashed;
      });
  EXPECT_EQ(status, kCrashed);
  EXPECT_THAT(message, AllOf(HasSubstr("Segmentation fault"), HasSubstr("while calibrating")));
}

}  // namespace
}  // namespace zp::app
