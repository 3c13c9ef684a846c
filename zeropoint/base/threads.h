// Independent items of work on a chosen number of threads, with a result that no timing changes.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "zeropoint/base/error.h"
#include "zeropoint/base/progress.h"

namespace zp {

// The number of processors that this process may use, at least 1.
int available_threads();

struct ParallelOptions {
  // At most so many threads, the calling one included; 0 means available_threads(), and more than
  // that are not used. With 1 the items run in ascending order on the calling thread.
  int threads = 0;
  std::string_view what = "items";  // named in progress reports and in the error of cancelling
  ProgressCallback progress = nullptr;
};

// Calls work(i) once for each i in [0, count) and returns when all calls have returned.
// Items are begun in ascending order, and none is begun after one has failed. So the error
// returned, that of the lowest failing index, is the same for any number of threads and any timing.
// When the callback cancels and no item has failed, the error is of code kCancelled.
// work must not throw.
Status parallel_for(int64_t count, const ParallelOptions& options,
                    const std::function<Status(int64_t)>& work);

}  // namespace zp
