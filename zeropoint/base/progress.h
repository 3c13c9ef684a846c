// How long work tells its caller how far it is, and how the caller stops it.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "zeropoint/base/error.h"

namespace zp {

enum class ProgressAnswer { kContinue, kCancel };

struct Progress {
  std::string_view what;  // the work in a few words, such as "calibrating"; lives for the call only
  int64_t done = 0;       // items finished so far
  int64_t total = 0;      // of so many; 0 where the number is not known
};

// Called after each finished item; never by two threads at once, but from whichever finished it.
// An empty callback means: nobody is asking, carry on.
using ProgressCallback = std::function<ProgressAnswer(const Progress&)>;

// Asks the callback; kCancel becomes an error of code kCancelled that says how far the work came.
Status report_progress(const ProgressCallback& callback, const Progress& progress);

}  // namespace zp
