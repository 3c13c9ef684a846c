#include "zeropoint/tuning/gptq.h"

#include <cmath>

#include "zeropoint/tuning/feedback_rounding.h"

namespace zp {
namespace {

// A step of coordinate descent counts if it lowers a filter's error by this share at least.
constexpr double kLeastGain = 1e-12;

// Step 2.
void descend(const GroupProblem& problem, const AdmittedCodes& admitted, const RowMatrix& h,
             int sweeps, RowMatrix& codes) {
  if (sweeps < 1) return;
  const RowMatrix errors = problem.weights - problem.scales.cwiseProduct(codes);
  RowMatrix gradients = errors * h;
  for (int64_t o = 0; o < codes.rows(); ++o) {
    const double least = kLeastGain * std::abs(gradients.row(o).dot(errors.row(o)));
    for (int sweep = 0; sweep < sweeps; ++sweep) {
      bool moved = false;
      for (int64_t k = 0; k < codes.cols(); ++k) {
        const double scale = problem.scales(o, k);
        const double gradient = gradients(o, k);
        const double best = codes(o, k) + gradient / (scale * h(k, k));
        const double code = admitted.nearest(best, o, k, codes, [](int32_t) { return true; });
        const double step = scale * (code - codes(o, k));
        const double gain = step * (2 * gradient - step * h(k, k));
        if (step == 0 || !(gain > least)) continue;
        gradients.row(o).noalias() -= step * h.row(k);
        codes(o, k) = code;
        moved = true;
      }
      if (!moved) break;
    }
  }
}

Result<RowMatrix> rounded(const GroupProblem& problem, const CodeGrid& grid, const Filters& filters,
                          const RowMatrix& h, const RoundingOptions& options) {
  const RowMatrix nearest = nearest_codes(problem, grid, filters);
  const RowMatrix with_damping = damped(h, options.dampening);
  const auto factor = upper_factor(with_damping);
  if (!factor) {
    return invalid_argument("the second moments have no Cholesky factor; raise the dampening");
  }
  const AdmittedCodes admitted(problem, grid, filters);
  RowMatrix codes = feedback_codes(problem, admitted, *factor).codes;
  descend(problem, admitted, with_damping, options.sweeps, codes);
  const auto errors = [&](const RowMatrix& some) {
    return squared_errors(problem.weights - problem.scales.cwiseProduct(some), h);
  };
  const Eigen::VectorXd of_codes = errors(codes);
  const Eigen::VectorXd of_nearest = errors(nearest);
  for (int64_t o = 0; o < codes.rows(); ++o) {
    if (!(of_codes(o) < of_nearest(o))) codes.row(o) = nearest.row(o);
  }
  return codes;
}

}  // namespace

Result<std::vector<int32_t>> optimized_codes(const Filters& filters, std::span<const float> weights,
                                             const CodeGrid& grid, const SecondMoments& moments,
                                             const RoundingOptions& options) {
  ZP_RETURN_IF_ERROR(check_fit(filters, weights, grid, moments));
  const std::vector<double> ordered = in_pairing_order(weights, filters);
  const int64_t of_group = filters.count / moments.groups;
  std::vector<int32_t> codes;
  codes.reserve(ordered.size());
  for (int64_t g = 0; g < moments.groups; ++g) {
    const GroupProblem problem =
        group_problem(ordered, grid, g * of_group, of_group, filters.length);
    const RowMatrix h = moment_matrix(moments, g, options.mean);
    ZP_ASSIGN_OR_RETURN(const RowMatrix chosen, rounded(problem, grid, filters, h, options));
    for (int64_t o = 0; o < chosen.rows(); ++o) {
      for (int64_t k = 0; k < chosen.cols(); ++k) {
        codes.push_back(static_cast<int32_t>(chosen(o, k) + problem.zero_points(o, k)));
      }
    }
  }
  return in_tensor_order(codes, filters);
}

}  // namespace zp
