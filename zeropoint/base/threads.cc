#include "zeropoint/base/threads.h"

#include <fmt/format.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/partitioner.h>
#include <oneapi/tbb/task_arena.h>

// OpenVINO's copy of this header needs what those above include.
#include <oneapi/tbb/info.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <optional>

namespace zp {
namespace {

// What the threads of one parallel_for share.
class Run {
 public:
  Run(int64_t count, const ParallelOptions& options, const std::function<Status(int64_t)>& work)
      : count_(count), options_(options), work_(work) {}

  // Takes the next item until there is none left or the run has been stopped. Whoever fails at i
  // took i after all lower ones had been taken, and those still run to their end: the lowest
  // failing index is therefore always among the items that ran.
  void drain() {
    while (!stopped_) {
      const int64_t item = next_++;
      if (item >= count_) return;
      finish(item, work_(item));
    }
  }

  Status result() && {
    if (error_) return tl::unexpected<Error>(std::move(*error_));
    return std::move(progress_);
  }

 private:
  void finish(int64_t item, Status status) {
    const std::lock_guard lock(mutex_);
    if (!status) {
      stopped_ = true;
      if (item < failed_item_) {
        failed_item_ = item;
        error_ = std::move(status).error();
      }
      return;
    }
    ++done_;
    if (!progress_) return;  // cancelled already: the callback is not asked again
    progress_ = report_progress(options_.progress, {options_.what, done_, count_});
    if (!progress_) stopped_ = true;
  }

  const int64_t count_;
  const ParallelOptions& options_;
  const std::function<Status(int64_t)>& work_;
  std::atomic<int64_t> next_ = 0;
  std::atomic<bool> stopped_ = false;

  std::mutex mutex_;  // guards all below
  int64_t done_ = 0;
  int64_t failed_item_ = std::numeric_limits<int64_t>::max();
  std::optional<Error> error_;
  Status progress_;
};

}  // namespace

int available_threads() { return std::max(1, oneapi::tbb::info::default_concurrency()); }

Status parallel_for(int64_t count, const ParallelOptions& options,
                    const std::function<Status(int64_t)>& work) {
  if (options.threads < 0) {
    return invalid_argument(fmt::format("{}: {} threads asked for, expected 0 (all) or more",
                                        options.what, options.threads));
  }
  const int wanted = options.threads == 0 ? available_threads() : options.threads;
  const auto threads = static_cast<int>(
      std::clamp<int64_t>(std::min(wanted, available_threads()), 1, std::max<int64_t>(count, 1)));
  Run run(count, options, work);
  if (threads == 1) {
    run.drain();
  } else {
    oneapi::tbb::task_arena arena(threads);
    arena.execute([&] {
      oneapi::tbb::parallel_for(
          0, threads, [&](int) { run.drain(); }, oneapi::tbb::simple_partitioner());
    });
  }
  return std::move(run).result();
}

}  // namespace zp
