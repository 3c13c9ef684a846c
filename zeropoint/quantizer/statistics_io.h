// Statistics of a calibration as a file. The same samples give the same bytes, however they were
// ordered, threaded or sharded.
//
// Version 1, in the frame of base/sealed_bytes.h: name "ZPCALIBR", kind 0. A text is its length in
// bytes (u64) and its bytes; a hash is its high half and its low half, u64 each; a list is its
// number of entries (u64) and the entries, ascending, tensors by name.
//
//   text, 3 hashes, 2 texts   the origin: tool version; source model, prepared model,
//                             preprocessing; engine, instruction set
//   list                      samples: hash, text source
//   list                      skipped samples: text source, text reason
//   list                      tensors: text name; u64 the channel axis in two's complement, and u64
//                             1 where there is one, else 0 and 0; twice u64 and so many bytes: the
//                             observers of the fitted and of the held-back part (observer_io.h)
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/quantizer/statistics.h"

namespace zp {

inline constexpr uint32_t kStatisticsVersion = 1;

std::vector<std::byte> serialize(const CalibrationStatistics& statistics);

// What serialize() gave the bytes of. Refused, with an error of code kInvalidData that says which:
// what does not begin as such a file does, a newer version, bytes cut off or added, a wrong
// checksum, contents that no calibration could have given.
Result<CalibrationStatistics> parse_statistics(std::span<const std::byte> bytes);

// The same as a file. Errors name it.
Status save_statistics(const std::filesystem::path& path, const CalibrationStatistics& statistics);
Result<CalibrationStatistics> load_statistics(const std::filesystem::path& path);

}  // namespace zp
