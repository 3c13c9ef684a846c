// Statistics for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "zeropoint/base/tensor_view.h"
#include "zeropoint/quantizer/statistics.h"

namespace zp {

inline CalibrationOrigin some_origin() {
  return {.tool_version = "0.1.0",
          .source_model = {1, 2},
          .prepared_model = {3, 4},
          .preprocessing = {5, 6},
          .engine = "OpenVINO 1",
          .instruction_set = "AVX2"};
}

// Of samples with these numbers: each is its hash, its name and what tensor "t" and the two
// channels of tensor "c" hold of it.
inline CalibrationStatistics statistics_of(const std::vector<uint64_t>& numbers) {
  CalibrationStatistics statistics{
      .origin = some_origin(), .tensors = {}, .samples = {}, .skipped = {}};
  TensorStatistics& t = statistics.tensors["t"];
  TensorStatistics& c = statistics.tensors["c"];
  c.channel_axis = -1;
  for (const uint64_t number : numbers) {
    const auto value = static_cast<float>(number);
    const std::vector<float> values{value, -value / 2, 0.1F * value, 3};
    const bool held_back = is_held_back({.high = 0, .low = number});
    EXPECT_TRUE((held_back ? t.held_back : t.fit).observe(values));
    Observer& observer = held_back ? c.held_back : c.fit;
    if (observer.channels().empty()) observer = Observer::per_channel(2).value();
    EXPECT_TRUE(observer.observe(
        TensorView<const float>::make(values, Shape::make({2, 2}).value()).value(), -1));
    statistics.samples.push_back({{.high = 0, .low = number}, std::to_string(number) + ".npy"});
  }
  std::ranges::sort(statistics.samples);
  return statistics;
}

}  // namespace zp
