#include "zeropoint/tuning/gptq.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <optional>

#include "zeropoint/tuning/group_problem.h"

namespace zp {
namespace {

using Matrix = Eigen::MatrixXd;  // column after column: the elements of all filters side by side

constexpr int64_t kBlock = 64;  // columns whose errors are spread at once
// A step of coordinate descent counts if it lowers a filter's error by this share at least.
constexpr double kLeastGain = 1e-12;

size_t index(int64_t i) { return static_cast<size_t>(i); }

RowMatrix damped(RowMatrix h, double dampening) {
  const double mean = h.diagonal().mean();
  for (int64_t k = 0; k < h.rows(); ++k) {
    // What the samples never use: any code will do, so it is rounded to nearest.
    if (!(h(k, k) > 0)) h(k, k) = mean > 0 ? mean : 1;
  }
  h.diagonal().array() += dampening * mean;
  return h;
}

// R, upper triangular, with H = R R^T: Cholesky's factor of H with its order turned around.
std::optional<Matrix> upper_factor(const RowMatrix& h) {
  const Matrix turned = h.reverse();
  const Eigen::LLT<Matrix> factor(turned);
  if (factor.info() != Eigen::Success) return std::nullopt;
  const Matrix lower = factor.matrixL();
  return Matrix(lower.reverse());
}

// The codes of all filters of a group, less their zero point.
class Rounding {
 public:
  Rounding(const GroupProblem& problem, const CodeGrid& grid, const Filters& filters)
      : problem_(problem), grid_(grid), partners_(index(problem.weights.cols())) {
    if (grid.pairs == PairSafety::kNone) return;
    for (const auto& [a, b] : filters.pairs) {
      partners_[index(a)].push_back(b);
      partners_[index(b)].push_back(a);
    }
  }

  // The code nearest to `wanted` that element k of filter o may have beside the codes in `codes`
  // of its partners that `counts` admits.
  template <class Codes, class Counts>
  double admitted(double wanted, int64_t o, int64_t k, const Codes& codes,
                  const Counts& counts) const {
    const double zero_point = problem_.zero_points(o, k);
    double low = grid_.codes.qmin - zero_point;
    double high = grid_.codes.qmax - zero_point;
    for (const int32_t partner : partners_[index(k)]) {
      if (!counts(partner)) continue;
      const double other = codes(o, partner);
      if (other > 0) high = std::min(high, kPairLimit - other);
      if (other < 0) low = std::max(low, -kPairLimit - other);
    }
    return std::clamp(std::nearbyint(wanted), low, high);
  }

  // Step 1. Requires H = R R^T.
  RowMatrix gptq(const Matrix& r) const {
    const int64_t filters = problem_.weights.rows();
    const int64_t length = problem_.weights.cols();
    Matrix codes(filters, length);
    Matrix errors(filters, length);
    Matrix carried(filters, kBlock);
    for (int64_t begin = 0; begin < length; begin += kBlock) {
      const int64_t width = std::min(kBlock, length - begin);
      // What the errors of earlier blocks ask of this one.
      carried.leftCols(width).noalias() = errors.leftCols(begin) * r.block(0, begin, begin, width);
      for (int64_t k = begin; k < begin + width; ++k) {
        auto column = carried.col(k - begin);
        column.noalias() += errors.middleCols(begin, k - begin) * r.block(begin, k, k - begin, 1);
        for (int64_t o = 0; o < filters; ++o) {
          const double weight = problem_.weights(o, k);
          const double wanted = (weight + column(o) / r(k, k)) / problem_.scales(o, k);
          const double code = admitted(wanted, o, k, codes, [&](int32_t j) { return j < k; });
          codes(o, k) = code;
          errors(o, k) = weight - problem_.scales(o, k) * code;
        }
      }
    }
    return codes;
  }

  // Step 2.
  void descend(const RowMatrix& h, int sweeps, RowMatrix& codes) const {
    if (sweeps < 1) return;
    const RowMatrix errors = problem_.weights - problem_.scales.cwiseProduct(codes);
    RowMatrix gradients = errors * h;
    for (int64_t o = 0; o < codes.rows(); ++o) {
      const double least = kLeastGain * std::abs(gradients.row(o).dot(errors.row(o)));
      for (int sweep = 0; sweep < sweeps; ++sweep) {
        bool moved = false;
        for (int64_t k = 0; k < codes.cols(); ++k) {
          const double scale = problem_.scales(o, k);
          const double gradient = gradients(o, k);
          const double best = codes(o, k) + gradient / (scale * h(k, k));
          const double code = admitted(best, o, k, codes, [](int32_t) { return true; });
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

 private:
  const GroupProblem& problem_;
  const CodeGrid& grid_;
  // Of each element: those that it shares a sum of 16 bits with.
  std::vector<std::vector<int32_t>> partners_;
};

Result<RowMatrix> rounded(const GroupProblem& problem, const CodeGrid& grid, const Filters& filters,
                          const RowMatrix& h, const RoundingOptions& options) {
  const RowMatrix nearest = nearest_codes(problem, grid, filters);
  const RowMatrix with_damping = damped(h, options.dampening);
  const auto factor = upper_factor(with_damping);
  if (!factor) {
    return invalid_argument("the second moments have no Cholesky factor; raise the dampening");
  }
  const Rounding rounding(problem, grid, filters);
  RowMatrix codes = rounding.gptq(*factor);
  rounding.descend(with_damping, options.sweeps, codes);
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
