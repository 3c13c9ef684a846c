// The first step of GPTQ (gptq.h) for the filters of one group, on its own: what searches scales
// needs it too.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "zeropoint/tuning/group_problem.h"

namespace zp {

// H with `dampening` times the mean of its diagonal added to that. What no sample uses gets the
// mean: any code will do there, and it is rounded to nearest.
RowMatrix damped(RowMatrix h, double dampening);

// R, upper triangular, with H = R R^T; nothing where there is none.
std::optional<Eigen::MatrixXd> upper_factor(const RowMatrix& h);

// Which codes a filter's elements may have.
class AdmittedCodes {
 public:
  AdmittedCodes(const GroupProblem& problem, const CodeGrid& grid, const Filters& filters);

  // The code, less its zero point, nearest to `wanted` that element k of filter o may have beside
  // those codes(o, j) of its partners j (plan/pairs.h) that `counts` admits.
  template <class Codes, class Counts>
  double nearest(double wanted, int64_t o, int64_t k, const Codes& codes,
                 const Counts& counts) const {
    const double zero_point = problem_.zero_points(o, k);
    double low = range_.qmin - zero_point;
    double high = range_.qmax - zero_point;
    for (const int32_t partner : partners_[static_cast<size_t>(k)]) {
      if (!counts(partner)) continue;
      const double other = codes(o, partner);
      if (other > 0) high = std::min(high, kPairLimit - other);
      if (other < 0) low = std::max(low, -kPairLimit - other);
    }
    return std::clamp(std::nearbyint(wanted), low, high);
  }

 private:
  const GroupProblem& problem_;
  CodeRange range_;
  // Of each element: those that it shares a sum of 16 bits with.
  std::vector<std::vector<int32_t>> partners_;
};

// Codes less their zero point, and d^T H d of each filter, H = R R^T.
struct FeedbackCodes {
  Eigen::MatrixXd codes;
  Eigen::VectorXd errors;
};
FeedbackCodes feedback_codes(const GroupProblem& problem, const AdmittedCodes& admitted,
                             const Eigen::MatrixXd& r);

}  // namespace zp
