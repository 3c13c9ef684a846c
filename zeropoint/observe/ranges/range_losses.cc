// Prints, as a table in Markdown, what choosing a range from an observer loses against choosing it
// from the data themselves: docs/observers.md, "Measured losses". One argument: the number of
// values of each distribution, by default 50000.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "zeropoint/numerics/quantize.h"
#include "zeropoint/observe/ranges/entropy.h"
#include "zeropoint/observe/ranges/mean_squared_error.h"
#include "zeropoint/observe/ranges/min_max.h"
#include "zeropoint/observe/ranges/percentile.h"
#include "zeropoint/observe/ranges/test_tiles.h"
#include "zeropoint/observe/test_data.h"

namespace zp {
namespace {

double exact_error(const std::vector<float>& x, const QuantParams& params) {
  double sum = 0;
  for (const float value : x) {
    const double error = double{value} - double{fake_quantize(value, params)};
    sum += error * error;
  }
  return sum / static_cast<double>(x.size());
}

// How far the observer's quantile of the magnitudes is from the data's, of its size.
double percentile_error(const Sample& sample, const Observer& observer, double p) {
  std::vector<float> magnitudes = sample.values;
  for (float& value : magnitudes) value = std::abs(value);
  std::sort(magnitudes.begin(), magnitudes.end());
  const auto n = static_cast<double>(magnitudes.size());
  const auto rank = static_cast<size_t>(std::clamp(std::ceil(p * n), 1.0, n));
  const double exact = double{magnitudes[rank - 1]};
  return std::abs(magnitude_quantile(observer, p)->value - exact) / exact;
}

struct SquaredErrorLoss {
  double measured;  // error of the choice over that of the best candidate, less 1
  double proven;    // what the choice itself says that it can be at most
};

SquaredErrorLoss squared_error_loss(const Sample& sample, const RangeChoice& choice,
                                    const RangeChoice& best) {
  if (best.loss.expected == 0) return {exact_error(sample.values, choice.params), 0};
  return {exact_error(sample.values, choice.params) / best.loss.expected - 1,
          (choice.loss.high - choice.least_possible) / best.loss.expected};
}

// The divergence, on a grid 16 times as fine, of the observer's choice less that of the choice made
// on the fine grid.
double entropy_loss(const Sample& sample, const Observer& observer, IntType type,
                    const ParamOptions& options, const RangeChoice& choice) {
  const auto fine =
      tiles_of_data(sample.values, *smallest_magnitude(observer, type, options.narrow), 11);
  if (fine.size() < 2) return 0;
  const auto on_fine = [&](const QuantParams& params, double) -> std::optional<Estimate> {
    return divergence(fine, params, options.convention);
  };
  const auto best = search_ranges(observer, type, options, on_fine);
  return divergence(fine, choice.params, options.convention).expected - best->loss.expected;
}

void print_row(const Sample& sample, IntType type, Scheme scheme) {
  Observer observer;
  if (!observer.observe(sample.values)) return;
  ParamOptions options;
  options.scheme = scheme;
  const auto choice = mean_squared_error_range(observer, type, options);
  const auto best = search_ranges(
      observer, type, options, [&](const QuantParams& params, double) -> std::optional<Estimate> {
        const double error = exact_error(sample.values, params);
        return Estimate{error, error, error};
      });
  const auto entropy = entropy_range(observer, type, options);
  const auto widest = choose_params(*min_max_range(observer), type, options);
  const auto [measured, proven] = squared_error_loss(sample, *choice, *best);
  const auto over_best = [&](const QuantParams& params) {
    const double error = exact_error(sample.values, params);
    return best->loss.expected > 0 ? error / best->loss.expected : error > 0 ? INFINITY : 1.0;
  };
  fmt::print("| {} | {} {} | {:.2f} | {:.4f} | {:.2g} | {:.1g} | {:.3g} | {:.3g} |\n", sample.name,
             type.name(), name(scheme), 100 * percentile_error(sample, observer, 0.999),
             100 * measured, 100 * proven, entropy_loss(sample, observer, type, options, *entropy),
             over_best(entropy->params), over_best(*widest));
}

}  // namespace
}  // namespace zp

int main(int argc, char** argv) {
  const size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 50000;
  fmt::print(
      "| data | type and scheme | 99.9 percentile: error, % | squared error: loss, % | proven, % | "
      "entropy: loss, nats | its squared error / best | min-max's / best |\n"
      "|---|---|---|---|---|---|---|---|\n");
  for (const auto& [type, scheme] : {std::pair{zp::IntType::kUint8, zp::Scheme::kAffine},
                                     std::pair{zp::IntType::kInt8, zp::Scheme::kSymmetric},
                                     std::pair{zp::IntType::kInt4, zp::Scheme::kSymmetric}}) {
    for (const zp::Sample& sample : zp::sample_distributions(count, 7)) {
      zp::print_row(sample, type, scheme);
    }
  }
}
