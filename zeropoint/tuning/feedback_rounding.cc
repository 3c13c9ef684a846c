#include "zeropoint/tuning/feedback_rounding.h"

#include <Eigen/Cholesky>

namespace zp {
namespace {

using Matrix = Eigen::MatrixXd;  // column after column: the elements of all filters side by side

constexpr int64_t kBlock = 64;  // columns whose errors are spread at once

}  // namespace

RowMatrix damped(RowMatrix h, double dampening) {
  const double mean = h.diagonal().mean();
  for (int64_t k = 0; k < h.rows(); ++k) {
    if (!(h(k, k) > 0)) h(k, k) = mean > 0 ? mean : 1;
  }
  h.diagonal().array() += dampening * mean;
  return h;
}

// Cholesky's factor of H with its order turned around.
std::optional<Matrix> upper_factor(const RowMatrix& h) {
  const Matrix turned = h.reverse();
  const Eigen::LLT<Matrix> factor(turned);
  if (factor.info() != Eigen::Success) return std::nullopt;
  const Matrix lower = factor.matrixL();
  return Matrix(lower.reverse());
}

AdmittedCodes::AdmittedCodes(const GroupProblem& problem, const CodeGrid& grid,
                             const Filters& filters)
    : problem_(problem),
      range_(grid.codes),
      partners_(static_cast<size_t>(problem.weights.cols())) {
  if (grid.pairs == PairSafety::kNone) return;
  for (const auto& [a, b] : filters.pairs) {
    partners_[static_cast<size_t>(a)].push_back(b);
    partners_[static_cast<size_t>(b)].push_back(a);
  }
}

FeedbackCodes feedback_codes(const GroupProblem& problem, const AdmittedCodes& admitted,
                             const Matrix& r) {
  const int64_t filters = problem.weights.rows();
  const int64_t length = problem.weights.cols();
  FeedbackCodes result{Matrix(filters, length), Eigen::VectorXd::Zero(filters)};
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
        const double weight = problem.weights(o, k);
        const double wanted = (weight + column(o) / r(k, k)) / problem.scales(o, k);
        const double code =
            admitted.nearest(wanted, o, k, result.codes, [&](int32_t j) { return j < k; });
        const double error = weight - problem.scales(o, k) * code;
        const double left = error * r(k, k) + column(o);
        result.codes(o, k) = code;
        result.errors(o) += left * left;
        errors(o, k) = error;
      }
    }
  }
  return result;
}

}  // namespace zp
