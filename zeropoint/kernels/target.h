// Which of the compiled instruction sets the kernels run on. Every kernel is compiled once for
// each target that Highway knows on this architecture and picks the best one the CPU has, at run
// time; tests and benchmarks may force another.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "zeropoint/base/error.h"

namespace zp::kernels {

// The environment variable that select_target_from_environment() reads.
inline constexpr const char* kTargetVariable = "ZEROPOINT_TARGET";

// The targets that are compiled in and that this CPU has, best first, by Highway's names: "AVX3",
// "AVX2", "SSE4", "SSSE3", "NEON", "EMU128" (portable code), ...
std::vector<std::string> available_targets();

// The target that a kernel called now runs on, as reported by code compiled for it.
std::string active_target();

// From now on, in every thread, kernels run on the named target. An empty name returns to the
// best one. An unknown or unavailable name is an error that lists the available ones. Not to be
// called while kernels run.
Status force_target(std::string_view name);

// force_target($ZEROPOINT_TARGET) if the variable is set and not empty; programs call this first.
Status select_target_from_environment();

}  // namespace zp::kernels
