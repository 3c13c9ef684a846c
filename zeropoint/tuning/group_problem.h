// Filters of one group and what they multiply, as matrices: what the methods of this layer work on.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>

#include "zeropoint/tuning/code_grid.h"

namespace zp {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// H of one group in units of codes^2, the mean taken out where it is corrected.
RowMatrix moment_matrix(const SecondMoments& moments, int64_t group, MeanError mean);

// Filters `first` to `first + weights.rows()` of a weight.
struct GroupProblem {
  RowMatrix weights;      // filters x elements
  RowMatrix scales;       // filters x elements
  RowMatrix zero_points;  // filters x elements
};
GroupProblem group_problem(std::span<const double> in_pairing_order, const CodeGrid& grid,
                           int64_t first, int64_t filters, int64_t length);

// Codes less their zero point, rounded to nearest (ties to even) and saturated, held to the pair
// limit where the grid says so.
RowMatrix nearest_codes(const GroupProblem& problem, const CodeGrid& grid, const Filters& filters);

// d H d^T for each row d of `errors`.
Eigen::VectorXd squared_errors(const RowMatrix& errors, const RowMatrix& h);

}  // namespace zp
