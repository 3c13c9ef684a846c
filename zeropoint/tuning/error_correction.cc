#include "zeropoint/tuning/error_correction.h"

#include <Eigen/Cholesky>

#include "zeropoint/tuning/group_problem.h"

namespace zp {

Result<std::vector<float>> error_correcting_weights(const Filters& filters,
                                                    std::span<const float> weights,
                                                    const SecondMoments& moments,
                                                    const CorrectionOptions& options) {
  CodeGrid ones;
  ones.scales.assign(static_cast<size_t>(filters.count), 1.0F);
  ZP_RETURN_IF_ERROR(check_fit(filters, weights, ones, moments));
  if (moments.kind() != MomentsKind::kWithFloatInput) {
    return invalid_argument("the second moments know nothing of the float model's input");
  }
  const std::vector<double> ordered = in_pairing_order(weights, filters);
  const int64_t of_group = filters.count / moments.groups;
  const int64_t length = filters.length;
  std::vector<float> corrected(weights.size());
  for (int64_t g = 0; g < moments.groups; ++g) {
    RowMatrix h = moment_matrix(moments, g, options.mean);
    const double ridge = options.ridge * h.diagonal().mean();
    // Without input there is nothing to fit.
    const bool silent = !(h.diagonal().mean() > 0);
    h.diagonal().array() += silent ? 1 : ridge;
    RowMatrix cross =
        Eigen::Map<const RowMatrix>(moments.cross.data() + g * length * length, length, length);
    if (options.mean == MeanError::kCorrected && moments.rows > 0) {
      const Eigen::Map<const Eigen::VectorXd> difference(moments.difference.data() + g * length,
                                                         length);
      const Eigen::Map<const Eigen::VectorXd> sum(moments.sum.data() + g * length, length);
      cross.noalias() -= difference * (sum / static_cast<double>(moments.rows)).transpose();
    }
    const RowMatrix group =
        Eigen::Map<const RowMatrix>(ordered.data() + g * of_group * length, of_group, length);
    const Eigen::LLT<RowMatrix> factor(h);
    if (factor.info() != Eigen::Success) {
      return invalid_argument("the second moments have no Cholesky factor; raise the ridge");
    }
    // H is symmetric: X H = W C is H X^T = (W C)^T.
    const Eigen::MatrixXd change = factor.solve((group * cross).transpose());
    for (int64_t o = 0; o < of_group; ++o) {
      for (int64_t k = 0; k < length; ++k) {
        const auto at = static_cast<size_t>((g * of_group + o) * length + k);
        corrected[static_cast<size_t>(filters.offsets[at])] =
            static_cast<float>(group(o, k) + change(k, o));
      }
    }
  }
  return corrected;
}

}  // namespace zp
