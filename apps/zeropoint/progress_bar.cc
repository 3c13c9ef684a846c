#include "apps/zeropoint/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "apps/zeropoint/supervisor.h"

namespace zp::app {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kWidth = 30;
constexpr auto kPause = std::chrono::milliseconds(100);
constexpr auto kLinePause = std::chrono::seconds(2);
constexpr auto kLongestSilence = std::chrono::seconds(30);

class Bar {
 public:
  void show(const Progress& progress) {
    if (progress.what != what_) {
      what_ = std::string(progress.what);
      set_stage(what_);
      begin_ = Clock::now();
      tenths_ = 0;
      shown_ = {};
    }
    if (terminal_) {
      draw(progress);
    } else {
      tell(progress);
    }
  }

 private:
  void draw(const Progress& progress) {
    const auto now = Clock::now();
    const bool done = progress.total > 0 && progress.done >= progress.total;
    if (!done && now - shown_ < kPause) return;
    shown_ = now;
    if (done) {
      std::fputs("\r\033[K", stderr);
    } else {
      const auto filled =
          progress.total > 0 ? static_cast<size_t>(progress.done * kWidth / progress.total) : 0;
      std::fputs(fmt::format("\r\033[K{} [{}{}] {}/{}{}", what_, std::string(filled, '#'),
                             std::string(size_t{kWidth} - filled, '.'), progress.done,
                             progress.total, rest(progress, now))
                     .c_str(),
                 stderr);
    }
    std::fflush(stderr);
  }

  // A line at each tenth, but not more than one in two seconds, and at least one in thirty. Short
  // work is not worth its lines.
  void tell(const Progress& progress) {
    if (progress.total <= 0) return;
    const auto now = Clock::now();
    const auto tenths = progress.done * 10 / progress.total;
    const auto since = now - std::max(begin_, shown_);
    const bool last = progress.done >= progress.total && shown_ != Clock::time_point();
    const bool due = since >= kLinePause && tenths > tenths_;
    if (!last && !due && since < kLongestSilence) return;
    tenths_ = tenths;
    shown_ = now;
    std::fputs(
        fmt::format("{}: {} of {}{}\n", what_, progress.done, progress.total, rest(progress, now))
            .c_str(),
        stderr);
  }

  // ", 12 s left", or nothing where nothing tells.
  std::string rest(const Progress& progress, Clock::time_point now) const {
    if (progress.done <= 0 || progress.done >= progress.total) return "";
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    const auto left = static_cast<double>(progress.total - progress.done);
    return fmt::format(", {:.0f} s left", seconds * left / static_cast<double>(progress.done));
  }

  bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::string what_;
  Clock::time_point begin_;
  Clock::time_point shown_;
  int64_t tenths_ = 0;
};

}  // namespace

ProgressCallback progress_bar() {
  auto bar = std::make_shared<Bar>();
  return [bar](const Progress& progress) {
    bar->show(progress);
    return ProgressAnswer::kContinue;
  };
}

}  // namespace zp::app
