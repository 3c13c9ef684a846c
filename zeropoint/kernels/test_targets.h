// A test fixture that runs once for each target this CPU has, on that target.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "zeropoint/kernels/target.h"

namespace zp::kernels {

class OnEachTarget : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(force_target(GetParam()));
    ASSERT_EQ(active_target(), GetParam());
  }
  void TearDown() override { ASSERT_TRUE(force_target("")); }
};

}  // namespace zp::kernels

// INSTANTIATE_ON_EACH_TARGET(Fixture) for a fixture that is, or derives from, OnEachTarget.
#define INSTANTIATE_ON_EACH_TARGET(fixture)                                                \
  INSTANTIATE_TEST_SUITE_P(, fixture, testing::ValuesIn(zp::kernels::available_targets()), \
                           [](const auto& info) { return info.param; })
