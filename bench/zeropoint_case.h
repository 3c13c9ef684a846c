// Registers a case of our own kernels.
#pragma once

#include <string>
#include <utility>

#include "bench/workload.h"
#include "zeropoint/base/error.h"
#include "zeropoint/kernels/target.h"
#include "zeropoint/numerics/params.h"

namespace zp::bench {

inline QuantParams params_of(IntType type) {
  return {.type = type, .scale = kScale, .zero_point = kZeroPoint};
}

// Registers "zeropoint/<operation>". make(workload) gives the call, which gives a Status or Result;
// a call that fails skips the case.
template <class Make>
void add_zeropoint_case(const std::string& operation, Make make, size_t elements_per_n = 1) {
  add_case(
      "zeropoint/" + operation,
      [=](const Workload& work) -> Step {
        auto call = make(work);
        if (!call()) return {};
        return [=] { benchmark::DoNotOptimize(call()); };
      },
      elements_per_n);
}

// Follows the environment's choice of instruction set and names the one in use in the output.
inline void report_target() {
  const Status selected = kernels::select_target_from_environment();
  benchmark::AddCustomContext("zeropoint_target",
                              selected ? kernels::active_target() : selected.error().message);
}

}  // namespace zp::bench
