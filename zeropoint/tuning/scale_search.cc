#include "zeropoint/tuning/scale_search.h"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <limits>

#include "zeropoint/tuning/feedback_rounding.h"

namespace zp {
namespace {

constexpr double kLargestBiasCode = 1 << 24;
constexpr double kRoom = 1.02;  // above the pair-safe scale: for two codes rounded upwards

size_t index(int64_t i) { return static_cast<size_t>(i); }

// Filters, or blocks of filters, that are judged by one matrix.
struct Part {
  RowMatrix weights;
  RowMatrix h;
  Eigen::MatrixXd factor;  // of H with dampening, where GPTQ rounds
  // Of the first candidate and of the last, and the covering scale, a row of `weights` each.
  Eigen::VectorXd low;
  Eigen::VectorXd high;
  Eigen::VectorXd covering;
  Eigen::VectorXd least;
};

// The smallest scale at which no two neighbours of one sign exceed the limit before rounding.
double pair_safe_scale(const RowMatrix& weights, int64_t filter, const Filters& filters) {
  double largest = 0;
  for (const auto& [a, b] : filters.pairs) {
    const double x = weights(filter, a);
    const double y = weights(filter, b);
    if ((x > 0) == (y > 0)) largest = std::max(largest, std::abs(x + y));
  }
  return largest / kPairLimit;
}

// As a file holds it: a normal float, so that its reciprocal is one as well.
double as_float(double scale) {
  return std::max(static_cast<float>(scale), std::numeric_limits<float>::min());
}

class Search {
 public:
  Search(const Filters& filters, const ScaleSearchOptions& options)
      : filters_(filters), options_(options) {
    // Unsigned codes lie around the middle one, which is their zero point.
    const CodeRange codes = options.type.codes(options.narrow);
    grid_.codes = {codes.qmin - options.type.middle(), codes.qmax - options.type.middle()};
    grid_.pairs = options.pairs;
  }

  Result<Part> part(const RowMatrix& weights, const RowMatrix& h, int64_t first) const {
    Part part;
    part.weights = weights;
    part.h = h;
    if (options_.rounding == ScaleRounding::kGptq) {
      const auto factor = upper_factor(damped(h, options_.dampening));
      if (!factor) {
        return invalid_argument("the second moments have no Cholesky factor; raise the dampening");
      }
      part.factor = *factor;
    }
    part.covering = weights.cwiseAbs().rowwise().maxCoeff() / grid_.codes.qmax;
    part.low = options_.narrowest * part.covering;
    part.high = part.covering;
    part.least.setZero(weights.rows());
    for (int64_t o = 0; o < weights.rows(); ++o) {
      if (!options_.least.empty()) part.least(o) = options_.least[index(first + o)];
      if (options_.pairs == PairSafety::kNone) continue;
      part.high(o) = std::max(part.high(o), kRoom * pair_safe_scale(weights, o, filters_));
    }
    return part;
  }

  // The error of each row with its own scale.
  Eigen::VectorXd errors(const Part& part, const Eigen::VectorXd& scales) const {
    GroupProblem problem{part.weights, scales.replicate(1, part.weights.cols()), {}};
    problem.zero_points.setZero(part.weights.rows(), part.weights.cols());
    if (options_.rounding == ScaleRounding::kGptq) {
      const AdmittedCodes admitted(problem, grid_, filters_);
      return feedback_codes(problem, admitted, part.factor).errors;
    }
    const RowMatrix codes = nearest_codes(problem, grid_, filters_);
    return squared_errors(part.weights - problem.scales.cwiseProduct(codes), part.h);
  }

  // Candidate number i of [0, candidates], the last being the covering scale.
  double candidate(double low, double high, double covering, double least, int i) const {
    const int last = options_.candidates - 1;
    const double scale = i > last ? covering : high - (high - low) * i / last;
    const double chosen = std::max(scale, least);
    return chosen > 0 ? as_float(chosen) : 1;
  }

  void each_row(const Part& part, std::vector<float>& scales) const {
    const int64_t rows = part.weights.rows();
    Eigen::VectorXd best(rows);
    Eigen::VectorXd smallest = Eigen::VectorXd::Constant(rows, kInfinity);
    Eigen::VectorXd tried(rows);
    for (int i = 0; i <= options_.candidates; ++i) {
      for (int64_t o = 0; o < rows; ++o) {
        tried(o) = candidate(part.low(o), part.high(o), part.covering(o), part.least(o), i);
      }
      const Eigen::VectorXd found = errors(part, tried);
      for (int64_t o = 0; o < rows; ++o) {
        if (!(found(o) < smallest(o))) continue;
        smallest(o) = found(o);
        best(o) = tried(o);
      }
    }
    for (const double scale : best) scales.push_back(static_cast<float>(scale));
  }

  float of_all(std::span<const Part> parts) const {
    double low = 0;
    double high = 0;
    double covering = 0;
    double least = 0;
    for (const Part& part : parts) {
      low = std::max(low, part.low.maxCoeff());
      high = std::max(high, part.high.maxCoeff());
      covering = std::max(covering, part.covering.maxCoeff());
      least = std::max(least, part.least.maxCoeff());
    }
    double best = 1;
    double smallest = kInfinity;
    for (int i = 0; i <= options_.candidates; ++i) {
      const double scale = candidate(low, high, covering, least, i);
      double error = 0;
      for (const Part& part : parts) {
        error += errors(part, Eigen::VectorXd::Constant(part.weights.rows(), scale)).sum();
      }
      if (!(error < smallest)) continue;
      smallest = error;
      best = scale;
    }
    return static_cast<float>(best);
  }

 private:
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  const Filters& filters_;
  const ScaleSearchOptions& options_;
  CodeGrid grid_;
};

Status check(const Filters& filters, const ScaleSearchOptions& options) {
  if (options.candidates < 2) return invalid_argument("fewer than 2 candidates");
  if (options.share == ScaleShare::kBlock &&
      (options.block < 1 || options.pairs == PairSafety::kHeld)) {
    return invalid_argument("scales of blocks need a size of block and no pair limit");
  }
  if (options.least.empty() || options.least.size() == index(filters.count)) return {};
  return invalid_argument(
      fmt::format("{} least scales for {} filters", options.least.size(), filters.count));
}

}  // namespace

Result<std::vector<float>> search_scales(const Filters& filters, std::span<const float> weights,
                                         const SecondMoments& moments,
                                         const ScaleSearchOptions& options) {
  ZP_RETURN_IF_ERROR(check(filters, options));
  CodeGrid ones;
  ones.scales.assign(index(filters.count), 1.0F);
  ZP_RETURN_IF_ERROR(check_fit(filters, weights, ones, moments));
  const std::vector<double> ordered = in_pairing_order(weights, filters);
  const int64_t of_group = filters.count / moments.groups;
  const int64_t length = filters.length;
  const Search search(filters, options);
  std::vector<float> scales;
  std::vector<Part> parts;  // where one scale serves all
  for (int64_t g = 0; g < moments.groups; ++g) {
    const RowMatrix h = moment_matrix(moments, g, options.mean);
    const RowMatrix all =
        Eigen::Map<const RowMatrix>(ordered.data() + g * of_group * length, of_group, length);
    if (options.share == ScaleShare::kTensor) {
      ZP_ASSIGN_OR_RETURN(Part part, search.part(all, h, g * of_group));
      parts.push_back(std::move(part));
    } else if (options.share == ScaleShare::kFilter) {
      ZP_ASSIGN_OR_RETURN(const Part part, search.part(all, h, g * of_group));
      search.each_row(part, scales);
    } else {
      const int64_t blocks = (length + options.block - 1) / options.block;
      std::vector<float> by_block;
      for (int64_t k = 0; k < length; k += options.block) {
        const int64_t width = std::min(options.block, length - k);
        ZP_ASSIGN_OR_RETURN(
            const Part part,
            search.part(all.middleCols(k, width), h.block(k, k, width, width), g * of_group));
        search.each_row(part, by_block);
      }
      for (int64_t o = 0; o < of_group; ++o) {
        for (int64_t b = 0; b < blocks; ++b) scales.push_back(by_block[index(b * of_group + o)]);
      }
    }
  }
  if (options.share == ScaleShare::kTensor) scales.push_back(search.of_all(parts));
  return scales;
}

std::vector<double> least_scales(std::span<const float> bias, float input_scale) {
  std::vector<double> least;
  for (const float b : bias) {
    least.push_back(std::abs(double{b}) / (double{input_scale} * kLargestBiasCode));
  }
  return least;
}

}  // namespace zp
