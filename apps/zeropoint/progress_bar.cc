#include "apps/zeropoint/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

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
          progress.total > 0 ? static_cast<int>(progress.done * kWidth / progress.total) : 0;
      const double seconds = std::chrono::duration<double>(now - begin_).count();
      std::string left;
      if (progress.done > 0 && progress.total > 0) {
        const auto rest = static_cast<double>(progress.total - progress.done);
        left = fmt::format(", {:.0f} s left", seconds * rest / static_cast<double>(progress.done));
      }
      std::fputs(fmt::format("\r\033[K{} [{}{}] {}/{}{}", what_, std::string(filled, '#'),
                             std::string(kWidth - filled, '.'), progress.done, progress.total, left)
                     .c_str(),
                 stderr);
    }
    std::fflush(stderr);
  }

  void tell(const Progress& progress) {
    if (progress.total <= 0) return;
    const auto tenths = progress.done * 10 / progress.total;
    if (tenths <= tenths_) return;
    tenths_ = tenths;
    const auto now = Clock::now();
    // Short work is not worth its lines.
    if (now - begin_ < std::chrono::seconds(2)) return;
    std::fputs(fmt::format("{}: {} of {}\n", what_, progress.done, progress.total).c_str(), stderr);
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
