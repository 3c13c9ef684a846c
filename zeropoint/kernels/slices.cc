#include "zeropoint/kernels/slices.h"

#include <fmt/format.h>

#include <string_view>

namespace zp::kernels {
namespace {

Status check_slices(std::string_view operation, size_t elements, const Layout& layout,
                    size_t entries) {
  ZP_RETURN_IF_ERROR(check(layout));
  if (elements != static_cast<size_t>(layout.element_count())) {
    return invalid_argument(fmt::format("{}: {} elements given for a layout of {}", operation,
                                        elements, layout.element_count()));
  }
  if (entries != static_cast<size_t>(layout.params_count())) {
    return invalid_argument(fmt::format("{}: {} results given for a layout of {} slices", operation,
                                        entries, layout.params_count()));
  }
  return {};
}

}  // namespace

Result<std::vector<MinMax>> min_max(std::span<const float> x, const Layout& layout) {
  ZP_RETURN_IF_ERROR(check(layout));
  std::vector<MinMax> slices(static_cast<size_t>(layout.params_count()));
  ZP_RETURN_IF_ERROR(check_slices("min_max", x.size(), layout, slices.size()));
  for_each_slice_run(x, layout, [&](int64_t slice, std::span<const float> run) {
    slices[static_cast<size_t>(slice)].merge(min_max(run));
  });
  return slices;
}

Status add_moments(std::span<const float> x, const Layout& layout, std::span<Moments> moments) {
  ZP_RETURN_IF_ERROR(check_slices("add_moments", x.size(), layout, moments.size()));
  for_each_slice_run(x, layout, [&](int64_t slice, std::span<const float> run) {
    add_moments(run, moments[static_cast<size_t>(slice)]);
  });
  return {};
}

Status add_histograms(std::span<const float> x, const Layout& layout,
                      std::span<HistogramTable> tables) {
  ZP_RETURN_IF_ERROR(check_slices("add_histograms", x.size(), layout, tables.size()));
  Status status;
  for_each_slice_run(x, layout, [&](int64_t slice, std::span<const float> run) {
    if (status) status = tables[static_cast<size_t>(slice)].add(run);
  });
  return status;
}

}  // namespace zp::kernels
