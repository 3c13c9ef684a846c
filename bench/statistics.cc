// Our kernels that only read: min/max with its counters, exact moments, and the histogram keyed on
// the floats' bits, the last on three kinds of data since repeated values make increments of one
// counter wait for each other.
#include <algorithm>
#include <memory>

#include "bench/zeropoint_case.h"
#include "zeropoint/kernels/histogram.h"
#include "zeropoint/kernels/min_max.h"
#include "zeropoint/kernels/moments.h"

namespace zp::bench {
namespace {

void add_histogram(const std::string& operation, float (*change)(float)) {
  add_zeropoint_case(operation, [=](const Workload& work) {
    const std::span<const float> x = changed(work.normal, change);
    return [x, table = std::make_shared<kernels::HistogramTable>()] {
      if (table->elements() + x.size() > table->kMaxElements) table->clear();
      return table->add(x);
    };
  });
}

}  // namespace

void register_cases() {
  report_target();
  add_zeropoint_case("min_max", [](const Workload& work) {
    return [x = work.normal]() -> Result<kernels::MinMax> { return kernels::min_max(x); };
  });
  add_zeropoint_case("moments", [](const Workload& work) {
    return [x = work.normal]() -> Result<kernels::Moments> {
      kernels::Moments moments;
      kernels::add_moments(x, moments);
      return moments;
    };
  });
  add_histogram("histogram", [](float x) { return x; });
  add_histogram("histogram_relu", [](float x) { return std::max(x, 0.0f); });
  add_histogram("histogram_constant", [](float) { return 1.0f; });
}

}  // namespace zp::bench
