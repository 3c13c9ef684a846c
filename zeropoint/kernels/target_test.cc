#include "zeropoint/kernels/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zeropoint/kernels/test_targets.h"

namespace zp::kernels {
namespace {

class Target : public OnEachTarget {};
INSTANTIATE_ON_EACH_TARGET(Target);

TEST_P(Target, RunsWhenForced) { EXPECT_EQ(active_target(), GetParam()); }

// The compiler's own look at the CPU, independent of Highway's: what it has must be available,
// and so every test on OnEachTarget reaches it.
TEST(Targets, EveryInstructionSetOfThisCpuIsExercised) {
  const auto targets = available_targets();
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("ssse3")) {
    EXPECT_THAT(targets, testing::Contains("SSSE3"));
  }
  if (__builtin_cpu_supports("sse4.2")) {
    EXPECT_THAT(targets, testing::Contains("SSE4"));
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    EXPECT_THAT(targets, testing::Contains("AVX2"));
  }
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
    EXPECT_THAT(targets, testing::Contains("AVX3"));
  }
#elif defined(__aarch64__)
  EXPECT_THAT(targets, testing::Contains("NEON"));
#endif
  EXPECT_FALSE(targets.empty());
}

TEST(Targets, AnUnknownNameIsAnErrorThatListsTheAvailableOnes) {
  const Status status = force_target("MMX");
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, testing::HasSubstr("target \"MMX\""));
  for (const auto& name : available_targets()) {
    EXPECT_THAT(status.error().message, testing::HasSubstr(name));
  }
}

TEST(Targets, TheEnvironmentVariableForcesATarget) {
  const std::string last = available_targets().back();
  ASSERT_EQ(setenv(kTargetVariable, last.c_str(), 1), 0);
  ASSERT_TRUE(select_target_from_environment());
  EXPECT_EQ(active_target(), last);
  ASSERT_EQ(setenv(kTargetVariable, "nonsense", 1), 0);
  const Status status = select_target_from_environment();
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, testing::StartsWith(kTargetVariable));
  ASSERT_EQ(unsetenv(kTargetVariable), 0);
  ASSERT_TRUE(select_target_from_environment());
  ASSERT_TRUE(force_target(""));
  EXPECT_EQ(active_target(), available_targets().front());
}

}  // namespace
}  // namespace zp::kernels
