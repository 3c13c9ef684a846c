#include "zeropoint/base/threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace zp {
namespace {

using testing::ElementsAre;

class ParallelFor : public testing::TestWithParam<int> {
 protected:
  ParallelOptions options() const { return {.threads = GetParam(), .what = "squaring"}; }
};

INSTANTIATE_TEST_SUITE_P(Threads, ParallelFor, testing::Values(0, 1, 2, 7),
                         testing::PrintToStringParamName());

TEST_P(ParallelFor, DoesEachItemOnce) {
  std::vector<std::atomic<int>> calls(1000);
  ASSERT_TRUE(parallel_for(1000, options(), [&](int64_t item) -> Status {
    ++calls[static_cast<size_t>(item)];
    return {};
  }));
  for (const auto& count : calls) EXPECT_EQ(count, 1);
}

TEST_P(ParallelFor, DoesNothingForNoItems) {
  const auto work = [](int64_t item) -> Status { return invalid_argument(std::to_string(item)); };
  EXPECT_TRUE(parallel_for(0, options(), work));
}

// The lower failure is made the slower one, so that the other is always seen first if both run.
TEST_P(ParallelFor, ReturnsTheErrorOfTheLowestFailingItem) {
  for (int round = 0; round < 20; ++round) {
    const Status status = parallel_for(100, options(), [](int64_t item) -> Status {
      if (item < 50) return {};
      if (item % 2 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      return invalid_argument("item " + std::to_string(item));
    });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message, "item 50");
  }
}

TEST_P(ParallelFor, BeginsNothingMoreAfterAFailure) {
  std::atomic<int> calls = 0;
  EXPECT_FALSE(parallel_for(1000000, options(), [&](int64_t) -> Status {
    ++calls;
    return invalid_argument("no");
  }));
  EXPECT_LE(calls, available_threads());
}

TEST_P(ParallelFor, ReportsEachFinishedItemInTurn) {
  std::vector<int64_t> done;
  ParallelOptions options = this->options();
  options.progress = [&](const Progress& progress) {
    EXPECT_EQ(progress.what, "squaring");
    EXPECT_EQ(progress.total, 100);
    done.push_back(progress.done);
    return ProgressAnswer::kContinue;
  };
  ASSERT_TRUE(parallel_for(100, options, [](int64_t) -> Status { return {}; }));
  std::vector<int64_t> expected(100);
  for (size_t i = 0; i < expected.size(); ++i) expected[i] = static_cast<int64_t>(i) + 1;
  EXPECT_EQ(done, expected);
}

TEST_P(ParallelFor, StopsWhenCancelled) {
  std::atomic<int> calls = 0;
  int asked = 0;
  ParallelOptions options = this->options();
  options.progress = [&](const Progress&) {
    return ++asked == 3 ? ProgressAnswer::kCancel : ProgressAnswer::kContinue;
  };
  const Status status = parallel_for(1000000, options, [&](int64_t) -> Status {
    ++calls;
    return {};
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(status.error().message, "squaring: cancelled after 3 of 1000000");
  EXPECT_EQ(asked, 3);
  EXPECT_LE(calls, 3 + available_threads());
}

TEST(ParallelForOneThread, KeepsToTheCallingThreadAndTheOrder) {
  std::vector<int64_t> items;
  std::set<std::thread::id> threads;
  ASSERT_TRUE(parallel_for(3, {.threads = 1, .what = "meeting"}, [&](int64_t item) -> Status {
    items.push_back(item);
    threads.insert(std::this_thread::get_id());
    return {};
  }));
  EXPECT_THAT(items, ElementsAre(0, 1, 2));
  EXPECT_THAT(threads, ElementsAre(std::this_thread::get_id()));
}

// Each of the two items waits until the other has begun.
TEST(ParallelForTwoThreads, RunsTwoItemsAtOnce) {
  if (available_threads() < 2) GTEST_SKIP() << "this machine offers one processor";
  std::atomic<int> begun = 0;
  std::atomic<int> met = 0;
  ASSERT_TRUE(parallel_for(2, {.threads = 2, .what = "meeting"}, [&](int64_t) -> Status {
    ++begun;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (begun < 2 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    if (begun == 2) ++met;
    return {};
  }));
  EXPECT_EQ(met, 2);
}

TEST(ParallelForOptions, RefuseANegativeNumberOfThreads) {
  const Status status =
      parallel_for(1, {.threads = -1, .what = "squaring"}, [](int64_t) -> Status { return {}; });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "squaring: -1 threads asked for, expected 0 (all) or more");
}

}  // namespace
}  // namespace zp
