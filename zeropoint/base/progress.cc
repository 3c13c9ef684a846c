#include "zeropoint/base/progress.h"

#include <fmt/format.h>

namespace zp {

Status report_progress(const ProgressCallback& callback, const Progress& progress) {
  if (!callback || callback(progress) == ProgressAnswer::kContinue) return {};
  const std::string reached = progress.total > 0
                                  ? fmt::format("{} of {}", progress.done, progress.total)
                                  : fmt::format("{}", progress.done);
  return fail(ErrorCode::kCancelled, fmt::format("{}: cancelled after {}", progress.what, reached));
}

}  // namespace zp
