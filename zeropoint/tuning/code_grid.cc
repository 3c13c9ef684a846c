#include "zeropoint/tuning/code_grid.h"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

#include "zeropoint/tuning/group_problem.h"

namespace zp {
namespace {

size_t index(int64_t i) { return static_cast<size_t>(i); }

}  // namespace

Result<CodeGrid> grid_of(const WeightPlan& plan, const Filters& filters) {
  const size_t count = index(filters.count);
  CodeGrid grid;
  grid.codes = plan.type.codes(plan.narrow);
  grid.pairs = plan.pair_safe ? PairSafety::kHeld : PairSafety::kNone;
  grid.scales = plan.scales;
  grid.zero_points = plan.zero_points;
  if (plan.scales.size() == 1) {
    grid.scales.assign(count, plan.scales[0]);
    if (!plan.zero_points.empty()) grid.zero_points.assign(count, plan.zero_points[0]);
  }
  const bool fits =
      grid.scales.size() == count && (grid.zero_points.empty() || grid.zero_points.size() == count);
  if (fits) return grid;
  return invalid_argument(fmt::format("{} scales and {} zero points for {} filters",
                                      plan.scales.size(), plan.zero_points.size(), filters.count));
}

std::vector<double> in_pairing_order(std::span<const float> weights, const Filters& filters) {
  std::vector<double> ordered;
  ordered.reserve(filters.offsets.size());
  for (const int64_t offset : filters.offsets) ordered.push_back(weights[index(offset)]);
  return ordered;
}

std::vector<int32_t> in_tensor_order(std::span<const int32_t> codes, const Filters& filters) {
  std::vector<int32_t> ordered(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) ordered[index(filters.offsets[i])] = codes[i];
  return ordered;
}

Status check_fit(const Filters& filters, std::span<const float> weights, const CodeGrid& grid,
                 const SecondMoments& moments) {
  const size_t scales = index(filters.count * grid.blocks(filters.length));
  if (filters.length != moments.length || moments.groups < 1 ||
      filters.count % moments.groups != 0) {
    return invalid_argument(
        fmt::format("{} filters of {} elements do not fit moments of {} groups of {} elements",
                    filters.count, filters.length, moments.groups, moments.length));
  }
  if (weights.size() != filters.offsets.size()) {
    return invalid_argument(fmt::format("{} weights for filters of {} elements in all",
                                        weights.size(), filters.offsets.size()));
  }
  if (grid.scales.size() != scales ||
      (!grid.zero_points.empty() && grid.zero_points.size() != scales)) {
    return invalid_argument(fmt::format("{} scales and {} zero points; expected {}",
                                        grid.scales.size(), grid.zero_points.size(), scales));
  }
  const auto bad = std::ranges::find_if(grid.scales, [](float s) { return !(s > 0); });
  if (bad != grid.scales.end()) return invalid_argument(fmt::format("a scale of {}", *bad));
  const auto infinite = std::ranges::find_if(weights, [](float w) { return !std::isfinite(w); });
  if (infinite == weights.end()) return {};
  return invalid_data(fmt::format("element {} is {}; weights must be finite",
                                  infinite - weights.begin(), *infinite));
}

RowMatrix moment_matrix(const SecondMoments& moments, int64_t group, MeanError mean) {
  const int64_t length = moments.length;
  using Map = Eigen::Map<const RowMatrix>;
  RowMatrix h = Map(moments.product.data() + group * length * length, length, length);
  if (mean == MeanError::kCorrected && moments.rows > 0) {
    const Eigen::Map<const Eigen::VectorXd> sum(moments.sum.data() + group * length, length);
    h.noalias() -= sum * (sum / static_cast<double>(moments.rows)).transpose();
  }
  return h;
}

GroupProblem group_problem(std::span<const double> in_pairing_order, const CodeGrid& grid,
                           int64_t first, int64_t filters, int64_t length) {
  GroupProblem problem;
  problem.weights =
      Eigen::Map<const RowMatrix>(in_pairing_order.data() + first * length, filters, length);
  problem.scales.resize(filters, length);
  problem.zero_points.setZero(filters, length);
  const int64_t blocks = grid.blocks(length);
  for (int64_t o = 0; o < filters; ++o) {
    for (int64_t k = 0; k < length; ++k) {
      const size_t at = index((first + o) * blocks + (grid.block > 0 ? k / grid.block : 0));
      problem.scales(o, k) = grid.scales[at];
      if (!grid.zero_points.empty()) problem.zero_points(o, k) = grid.zero_points[at];
    }
  }
  return problem;
}

RowMatrix nearest_codes(const GroupProblem& problem, const CodeGrid& grid, const Filters& filters) {
  RowMatrix codes(problem.weights.rows(), problem.weights.cols());
  std::vector<int32_t> held(index(codes.cols()));
  for (int64_t o = 0; o < codes.rows(); ++o) {
    for (int64_t k = 0; k < codes.cols(); ++k) {
      const double zero_point = problem.zero_points(o, k);
      codes(o, k) = std::clamp(std::nearbyint(problem.weights(o, k) / problem.scales(o, k)),
                               grid.codes.qmin - zero_point, grid.codes.qmax - zero_point);
    }
    if (grid.pairs == PairSafety::kNone) continue;
    for (size_t k = 0; k < held.size(); ++k) {
      held[k] = static_cast<int32_t>(codes(o, static_cast<int64_t>(k)));
    }
    hold_to_pair_limit(held, filters.pairs);
    for (size_t k = 0; k < held.size(); ++k) codes(o, static_cast<int64_t>(k)) = held[k];
  }
  return codes;
}

Eigen::VectorXd squared_errors(const RowMatrix& errors, const RowMatrix& h) {
  return (errors * h).cwiseProduct(errors).rowwise().sum();
}

Result<std::vector<double>> output_errors(const Filters& filters, std::span<const float> weights,
                                          std::span<const int32_t> codes, const CodeGrid& grid,
                                          const SecondMoments& moments, MeanError mean) {
  ZP_RETURN_IF_ERROR(check_fit(filters, weights, grid, moments));
  if (codes.size() != weights.size()) {
    return invalid_argument(fmt::format("{} codes for {} weights", codes.size(), weights.size()));
  }
  const std::vector<double> ordered = in_pairing_order(weights, filters);
  const int64_t of_group = filters.count / moments.groups;
  std::vector<double> errors;
  for (int64_t g = 0; g < moments.groups; ++g) {
    const GroupProblem problem =
        group_problem(ordered, grid, g * of_group, of_group, filters.length);
    RowMatrix d = problem.weights;
    for (int64_t o = 0; o < d.rows(); ++o) {
      for (int64_t k = 0; k < d.cols(); ++k) {
        const int64_t offset = filters.offsets[index((g * of_group + o) * filters.length + k)];
        d(o, k) -= problem.scales(o, k) * (codes[index(offset)] - problem.zero_points(o, k));
      }
    }
    const double unit = moments.codes.scale * moments.codes.scale;
    for (const double error : squared_errors(d, moment_matrix(moments, g, mean))) {
      errors.push_back(unit * error);
    }
  }
  return errors;
}

}  // namespace zp
