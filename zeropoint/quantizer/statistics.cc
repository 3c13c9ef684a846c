#include "zeropoint/quantizer/statistics.h"

#include <fmt/format.h>

#include <algorithm>

namespace zp {
namespace {

bool is_blank(const Observer& observer) {
  return observer.channels().empty() && observer.extremes().count == 0;
}

}  // namespace

CalibrationPart calibration_part(const CalibrationStatistics& statistics) {
  constexpr int64_t kFewest = 4;
  const auto fit = std::ranges::count_if(statistics.samples, [](const CalibrationSample& sample) {
    return !is_held_back(sample.hash);
  });
  return fit < kFewest ? CalibrationPart::kAll : CalibrationPart::kFit;
}

Result<Observer> calibration_observer(const CalibrationStatistics& statistics,
                                      const std::string& tensor) {
  const auto found = statistics.tensors.find(tensor);
  if (found == statistics.tensors.end()) {
    return invalid_argument(fmt::format("there are no statistics of tensor \"{}\"", tensor));
  }
  Observer observer = found->second.fit;
  if (calibration_part(statistics) == CalibrationPart::kAll) {
    if (auto status = merge_observers(observer, found->second.held_back); !status) {
      return tl::unexpected<Error>(
          std::move(status).error().at(fmt::format("tensor \"{}\"", tensor)));
    }
  }
  return observer;
}

Status merge_observers(Observer& into, const Observer& other) {
  if (is_blank(other)) return {};
  if (is_blank(into)) {
    into = other;
    return {};
  }
  return into.merge(other);
}

}  // namespace zp
