#include "zeropoint/kernels/target.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <cstdlib>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "zeropoint/kernels/target.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zp::kernels {
namespace HWY_NAMESPACE {

int64_t compiled_target() { return HWY_TARGET; }

}  // namespace HWY_NAMESPACE
}  // namespace zp::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zp::kernels {
namespace {

HWY_EXPORT(compiled_target);

// One bit per available target.
int64_t available_mask() { return hwy::SupportedTargets() & HWY_TARGETS; }

void choose_among(int64_t mask) {
  hwy::SetSupportedTargetsForTest(mask);  // 0: whatever the CPU has
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace

std::vector<std::string> available_targets() {
  const int64_t chosen = hwy::SupportedTargets();
  hwy::SetSupportedTargetsForTest(0);
  std::vector<std::string> names;
  // Highway gives better targets lower bits.
  for (int64_t rest = available_mask(); rest != 0; rest &= rest - 1) {
    names.emplace_back(hwy::TargetName(rest & -rest));
  }
  hwy::SetSupportedTargetsForTest(chosen);
  return names;
}

std::string active_target() { return hwy::TargetName(HWY_DYNAMIC_DISPATCH(compiled_target)()); }

Status force_target(std::string_view name) {
  choose_among(0);
  if (name.empty()) return {};
  for (int64_t rest = available_mask(); rest != 0; rest &= rest - 1) {
    const int64_t target = rest & -rest;
    if (name == hwy::TargetName(target)) {
      choose_among(target);
      return {};
    }
  }
  return invalid_argument(fmt::format("target \"{}\": expected one that this CPU has: {}", name,
                                      fmt::join(available_targets(), ", ")));
}

Status select_target_from_environment() {
  const char* name = std::getenv(kTargetVariable);
  if (name == nullptr || *name == '\0') return {};
  Status status = force_target(name);
  if (!status) return tl::unexpected<Error>(std::move(status).error().at(kTargetVariable));
  return status;
}

}  // namespace zp::kernels
#endif  // HWY_ONCE
