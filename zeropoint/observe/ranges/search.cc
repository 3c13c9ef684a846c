#include "zeropoint/observe/ranges/search.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "zeropoint/observe/ranges/min_max.h"

namespace zp {
namespace {

constexpr int kFinest = 192;    // narrowest factor 2^-12, in sixteenths of an octave
constexpr int kCoarseStep = 8;  // half an octave
constexpr double kInfinite = std::numeric_limits<double>::infinity();

double factor(int sixteenths) { return std::exp2(-sixteenths / 16.0); }

class Search {
 public:
  Search(IntType type, const ParamOptions& options, const Loss& loss)
      : type_(type), options_(options), loss_(loss) {}

  // Whether the candidate is the best so far.
  Result<bool> consider(Range range) {
    ZP_ASSIGN_OR_RETURN(const QuantParams params, choose_params(range, type_, options_));
    const std::optional<Estimate> estimate = loss_(params, best_.loss.high);
    if (!estimate) return false;
    least_possible_ = std::min(least_possible_, estimate->low);
    if (found_ && !(estimate->expected < best_.loss.expected)) return false;
    best_ = {range, params, *estimate, 0};
    found_ = true;
    return true;
  }

  RangeChoice best() const {
    RangeChoice choice = best_;
    choice.least_possible = least_possible_;
    return choice;
  }

 private:
  IntType type_;
  const ParamOptions& options_;
  const Loss& loss_;
  bool found_ = false;
  RangeChoice best_{{}, {}, {kInfinite, kInfinite, kInfinite}, 0};
  double least_possible_ = kInfinite;
};

// Every i, and every j where the ends move independently, in descending width.
Status search_grid(Search& search, Range all, int step, int i_begin, int i_end, int j_begin,
                   int j_end, int* best_i, int* best_j) {
  for (int i = i_begin; i <= i_end; i += step) {
    for (int j = j_begin; j <= j_end; j += step) {
      ZP_ASSIGN_OR_RETURN(const bool better,
                          search.consider({all.min * factor(i), all.max * factor(j)}));
      if (better) {
        *best_i = i;
        *best_j = j;
      }
    }
  }
  return {};
}

Status search_affine(Search& search, Range all) {
  int i = 0;
  int j = 0;
  ZP_RETURN_IF_ERROR(search_grid(search, all, kCoarseStep, 0, kFinest, 0, kFinest, &i, &j));
  const int i_begin = std::max(i - kCoarseStep, 0);
  const int j_begin = std::max(j - kCoarseStep, 0);
  return search_grid(search, all, 1, i_begin, i + kCoarseStep, j_begin, j + kCoarseStep, &i, &j);
}

Status search_one_factor(Search& search, Range all, Scheme scheme) {
  for (int i = 0; i <= kFinest; ++i) {
    Range range{all.min * factor(i), all.max * factor(i)};
    if (scheme == Scheme::kSymmetric) {
      const double a = all.magnitude() * factor(i);
      range = {std::max(all.min, -a), std::min(all.max, a)};
    }
    ZP_RETURN_IF_ERROR(search.consider(range));
  }
  return {};
}

}  // namespace

Result<RangeChoice> search_ranges(const Observer& observer, IntType type,
                                  const ParamOptions& options, const Loss& loss) {
  ZP_ASSIGN_OR_RETURN(const Range extremes, min_max_range(observer));
  const Range all = extremes.widened_to(0);
  if (all.width() == 0) {
    ZP_ASSIGN_OR_RETURN(const QuantParams params, choose_params(all, type, options));
    return RangeChoice{all, params, {}, 0};
  }
  Search search(type, options, loss);
  if (options.scheme == Scheme::kAffine && all.min < 0 && all.max > 0) {
    ZP_RETURN_IF_ERROR(search_affine(search, all));
  } else {
    ZP_RETURN_IF_ERROR(search_one_factor(search, all, options.scheme));
  }
  return search.best();
}

}  // namespace zp
