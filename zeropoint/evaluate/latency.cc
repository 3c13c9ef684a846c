#include "zeropoint/evaluate/latency.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace zp {
namespace {

constexpr int kWarmUpRuns = 3;
// Short enough to take turns often, long enough for the clock and a call's own cost not to matter.
constexpr double kTurnSeconds = 2e-3;
constexpr int kMostRunsATurn = 1000;

// The mean time of so many runs.
Result<double> timed(Engine& engine, std::span<const NamedTensor> inputs, int runs) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < runs; ++i) {
    ZP_RETURN_IF_ERROR(engine.run(0, inputs));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return took.count() / runs;
}

double at_share(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  std::ranges::sort(values);
  return {at_share(values, 0.25), at_share(values, 0.5), at_share(values, 0.75)};
}

Faster faster(const LatencyPair& latency) {
  if (latency.speedup.low > 1) return Faster::kQuantized;
  return latency.speedup.high < 1 ? Faster::kReference : Faster::kUnclear;
}

Result<LatencyPair> measure_latency(Engine& reference, Engine& quantized,
                                    std::span<const NamedTensor> inputs,
                                    const LatencyOptions& options) {
  ZP_RETURN_IF_ERROR(timed(reference, inputs, kWarmUpRuns));
  ZP_RETURN_IF_ERROR(timed(quantized, inputs, kWarmUpRuns));
  ZP_ASSIGN_OR_RETURN(const double reference_run, timed(reference, inputs, 1));
  ZP_ASSIGN_OR_RETURN(const double quantized_run, timed(quantized, inputs, 1));

  LatencyPair result;
  const double shorter = std::max(1e-9, std::min(reference_run, quantized_run));
  result.runs_a_turn =
      static_cast<int>(std::clamp(kTurnSeconds / shorter, 1.0, 1.0 * kMostRunsATurn));
  const double turn = (reference_run + quantized_run) * result.runs_a_turn;
  result.turns = static_cast<int>(
      std::clamp(options.seconds / std::max(1e-9, turn), 1.0 * kLeastTurns, 1.0 * kMostTurns));
  std::vector<double> reference_seconds;
  std::vector<double> quantized_seconds;
  std::vector<double> speedups;
  for (int i = 0; i < result.turns; ++i) {
    const bool reference_first = i % 2 == 0;
    ZP_ASSIGN_OR_RETURN(const double first,
                        timed(reference_first ? reference : quantized, inputs, result.runs_a_turn));
    ZP_ASSIGN_OR_RETURN(const double second,
                        timed(reference_first ? quantized : reference, inputs, result.runs_a_turn));
    reference_seconds.push_back(reference_first ? first : second);
    quantized_seconds.push_back(reference_first ? second : first);
    speedups.push_back(reference_seconds.back() / quantized_seconds.back());
    ZP_RETURN_IF_ERROR(
        report_progress(options.progress, {"measuring latency", i + 1, result.turns}));
  }
  result.reference_seconds = spread_of(std::move(reference_seconds));
  result.quantized_seconds = spread_of(std::move(quantized_seconds));
  result.speedup = spread_of(std::move(speedups));
  return result;
}

}  // namespace zp
