// The right classes of samples, for accuracies.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/data/sample_source.h"

namespace zp {

// Reads a text file of one of two forms; empty lines are skipped:
//   one class index a line   for all samples of the source's files in their order, as many lines as
//                            SampleSource::found() (also where only some of them were chosen)
//   "FILE INDEX"             blanks or a comma between; FILE as in the folder or list, or its last
//                            part where only one file has that; "x.npy[17]" for a row. Lines of
//                            files that are not among the samples are left alone.
// Gives one label for each of source.items(), in that order: with one sample a run, by run.
// Errors name the file and the line, or the sample without a label.
Result<std::vector<int64_t>> read_labels(const std::filesystem::path& path,
                                         const SampleSource& source);

}  // namespace zp
