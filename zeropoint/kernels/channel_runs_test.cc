#include "zeropoint/kernels/channel_runs.h"

#include <gtest/gtest.h>

#include <numeric>

namespace zp::kernels {
namespace {

TEST(ChannelRuns, HoldEveryElementOnceInItsOwnChannel) {
  for (const int64_t outer : {1, 2, 7, 1024, 2500}) {
    for (const int64_t channels : {1, 3, 16, 17, 40}) {
      for (const int64_t inner : {1, 2, 49, 511, 512, 700}) {
        if (outer * channels * inner > 4'000'000) continue;
        std::vector<float> x(static_cast<size_t>(outer * channels * inner));
        std::iota(x.begin(), x.end(), 0.0f);  // below 2^24, so each is its own index
        std::vector<int> seen(x.size());
        for_each_channel_run(x, {outer, channels, inner},
                             [&](int64_t channel, std::span<const float> run) {
                               for (const float value : run) {
                                 const auto index = static_cast<int64_t>(value);
                                 ASSERT_EQ(index / inner % channels, channel);
                                 ++seen[static_cast<size_t>(index)];
                               }
                             });
        ASSERT_EQ(seen, std::vector<int>(x.size(), 1)) << outer << " " << channels << " " << inner;
      }
    }
  }
}

TEST(ChannelRuns, OfNothingAreNone) {
  for (const AxisSplit split : {AxisSplit{0, 3, 4}, AxisSplit{2, 0, 4}, AxisSplit{2, 3, 0}}) {
    for_each_channel_run({}, split, [](int64_t, std::span<const float>) { FAIL(); });
  }
}

}  // namespace
}  // namespace zp::kernels
