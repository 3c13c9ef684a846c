#include "zeropoint/observe/ranges/entropy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "zeropoint/observe/ranges/min_max.h"
#include "zeropoint/observe/ranges/percentile.h"

namespace zp {
namespace {

// What falls to one code: the parts of tiles in its interval.
struct Share {
  double mass = 0;
  double width = 0;
  double information = 0;  // the sum of p log(p / w)

  void add(double part, double part_width) {
    if (part <= 0 || part_width <= 0) return;
    mass += part;
    width += part_width;
    information += part * std::log(part / part_width);
  }
};

// The shares of the codes that occur, and of what lies below and above all codes.
struct Shares {
  std::vector<Share> codes;
  double below = 0;
  double above = 0;
};

class Splitter {
 public:
  Splitter(std::span<const Tile> tiles, const QuantParams& params, Convention convention)
      : scale_(double{params.scale}) {
    const CodeRange codes = code_range(params, convention);
    const auto lowest = static_cast<double>(int64_t{codes.qmin} - params.zero_point);
    const auto highest = static_cast<double>(int64_t{codes.qmax} - params.zero_point);
    low_ = (lowest - 0.5) * scale_;
    high_ = (highest + 0.5) * scale_;
    first_ = std::clamp(std::nearbyint(tiles.front().low / scale_), lowest, highest);
    last_ = std::clamp(std::nearbyint(tiles.back().high / scale_), lowest, highest);
    shares_.codes.resize(static_cast<size_t>(last_ - first_) + 1);
    for (const Tile& tile : tiles) add(tile);
  }
  const Shares& shares() const { return shares_; }

 private:
  void add(const Tile& tile) {
    const double density = tile.mass / (tile.high - tile.low);
    const auto part = [&](double from, double to) { return std::max((to - from) * density, 0.0); };
    const double from = std::clamp(tile.low, low_, high_);
    const double to = std::clamp(tile.high, low_, high_);
    shares_.below += part(tile.low, std::min(tile.high, low_));
    shares_.above += part(std::max(tile.low, high_), tile.high);
    const double first = std::clamp(std::nearbyint(from / scale_), first_, last_);
    const double last = std::clamp(std::nearbyint(to / scale_), first_, last_);
    for (double code = first; code <= last; ++code) {
      const double begin = code == first ? from : (code - 0.5) * scale_;
      const double end = code == last ? to : (code + 0.5) * scale_;
      shares_.codes[static_cast<size_t>(code - first_)].add(part(begin, end), end - begin);
    }
  }

  double scale_;
  double low_ = 0, high_ = 0;    // the ends of all codes' intervals
  double first_ = 0, last_ = 0;  // the codes of the tiles' ends, less the zero point
  Shares shares_;
};

constexpr double kInfinite = std::numeric_limits<double>::infinity();

// (P + M) log(1 + M / P)
double clipping(double mass, double clipped) {
  if (clipped <= 0) return 0;
  if (mass <= 0) return kInfinite;
  return (mass + clipped) * std::log1p(clipped / mass);
}

}  // namespace

Estimate divergence(std::span<const Tile> tiles, const QuantParams& params, Convention convention) {
  const Splitter splitter(tiles, params, convention);
  const auto& [codes, below, above] = splitter.shares();
  if (below + above > kMostClipped) return {kInfinite, kInfinite, kInfinite};
  double sum = std::log1p(-(below + above)) + clipping(codes.front().mass, below) +
               clipping(codes.back().mass, above);
  for (size_t code = 0; code < codes.size(); ++code) {
    const auto& [mass, width, information] = codes[code];
    if (mass <= 0) continue;
    const double clipped = (code == 0 ? below : 0) + (code + 1 == codes.size() ? above : 0);
    sum += (mass + clipped) * (information / mass - std::log(mass / width));
  }
  return {sum, sum, sum};
}

Result<double> smallest_magnitude(const Observer& observer, IntType type, NarrowRange narrow) {
  ZP_RETURN_IF_ERROR(check_looked_at(observer));
  const kernels::MinMax& extremes = observer.statistics().extremes;
  const auto finite = static_cast<double>(extremes.finite());
  const double others = finite - static_cast<double>(extremes.zeros);
  ZP_ASSIGN_OR_RETURN(const Quantile kept,
                      magnitude_quantile(observer, 1 - kMostClipped * others / finite));
  return kept.low / (8 * static_cast<double>(type.codes(narrow).steps()));
}

Result<RangeChoice> entropy_range(const Observer& observer, IntType type,
                                  const ParamOptions& options) {
  if (type.bits() > 16) {
    return invalid_argument(
        fmt::format("entropy of {}: expected a type of at most 16 bits", type.name()));
  }
  ZP_ASSIGN_OR_RETURN(const double smallest, smallest_magnitude(observer, type, options.narrow));
  const std::vector<Tile> density = tiles(observer, smallest);
  return search_ranges(observer, type, options,
                       [&](const QuantParams& params, double) -> std::optional<Estimate> {
                         if (density.size() < 2) return Estimate{};
                         return divergence(density, params, options.convention);
                       });
}

}  // namespace zp
