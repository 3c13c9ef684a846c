#include "zeropoint/tuning/bias_correction.h"

#include <fmt/format.h>

namespace zp {

Result<std::vector<float>> bias_correction(const Filters& filters, std::span<const float> weights,
                                           std::span<const int32_t> codes, const CodeGrid& grid,
                                           const SecondMoments& moments) {
  ZP_RETURN_IF_ERROR(check_fit(filters, weights, grid, moments));
  if (codes.size() != weights.size()) {
    return invalid_argument(fmt::format("{} codes for {} weights", codes.size(), weights.size()));
  }
  const int64_t of_group = filters.count / moments.groups;
  const int64_t blocks = grid.blocks(filters.length);
  std::vector<float> corrections;
  for (int64_t o = 0; o < filters.count; ++o) {
    double shift = 0;
    for (int64_t k = 0; k < filters.length && moments.rows > 0; ++k) {
      const auto at =
          static_cast<size_t>(filters.offsets[static_cast<size_t>(o * filters.length + k)]);
      const auto input = static_cast<size_t>(o / of_group * filters.length + k);
      const auto scale = static_cast<size_t>(o * blocks + (grid.block > 0 ? k / grid.block : 0));
      const int32_t zero_point = grid.zero_points.empty() ? 0 : grid.zero_points[scale];
      const double x = moments.sum[input];
      const double x_float = moments.difference.empty() ? x : x + moments.difference[input];
      shift +=
          double{weights[at]} * x_float - double{grid.scales[scale]} * (codes[at] - zero_point) * x;
    }
    const double rows = moments.rows > 0 ? static_cast<double>(moments.rows) : 1;
    corrections.push_back(static_cast<float>(moments.codes.scale * shift / rows));
  }
  return corrections;
}

}  // namespace zp
