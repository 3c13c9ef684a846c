// Statistics of shards made into those of all samples.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "zeropoint/base/error.h"
#include "zeropoint/quantizer/statistics.h"

namespace zp {

// Takes up what `other` holds. The result is, bit for bit, what one run over the samples of both
// gives, in any order and grouping of merges. Refused, with an error of code kInvalidData that
// names both (`into_name`, `other_name`): origins that differ in anything, other tensors or channel
// axes, a sample that both have; then `into` is unchanged. Observers that do not merge
// (Observer::merge) are an error after which it is not to be used.
Status merge(CalibrationStatistics& into, std::string_view into_name,
             const CalibrationStatistics& other, std::string_view other_name);

// Of files, at least one. One of them at a time is in memory beside the result.
Result<CalibrationStatistics> merge_files(std::span<const std::filesystem::path> files);

}  // namespace zp
