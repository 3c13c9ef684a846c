// How long a run of each of two models takes on one thread, measured in turns.
#pragma once

#include <span>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/base/progress.h"
#include "zeropoint/engine/engine.h"

namespace zp {

// Median and quartiles.
struct Spread {
  double low = 0;  // a quarter of the values is below
  double median = 0;
  double high = 0;  // a quarter is above

  friend bool operator==(const Spread&, const Spread&) = default;
};

// Between two values by linear interpolation, as numpy.percentile does it. Requires a value.
Spread spread_of(std::vector<double> values);

struct LatencyPair {
  Spread reference_seconds = {};
  Spread quantized_seconds = {};
  // The float model's time over the quantized one's, turn by turn: above 1 the latter is faster.
  Spread speedup = {};
  int turns = 0;
  int runs_a_turn = 0;  // of each model; a turn's time is their mean
};

enum class Faster {
  kQuantized,  // the speedup's lower quartile is above 1
  kReference,  // its upper quartile is below 1
  kUnclear,
};
Faster faster(const LatencyPair& latency);

struct LatencyOptions {
  double seconds = 3;  // to spend about; at least kLeastTurns turns are measured anyway
  ProgressCallback progress = nullptr;
};
inline constexpr int kLeastTurns = 7;
inline constexpr int kMostTurns = 200;

// Runs the two engines' first requests, one thread each, on the same inputs: after a few runs to
// warm up, in turns, each long enough for the clock, the order swapped from turn to turn, so that
// what else the machine does falls on both. Nothing else should run meanwhile.
Result<LatencyPair> measure_latency(Engine& reference, Engine& quantized,
                                    std::span<const NamedTensor> inputs,
                                    const LatencyOptions& options = {});

}  // namespace zp
