#include "zeropoint/quantizer/weight_scales.h"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <limits>

#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/plan/planned_codes.h"

namespace zp {
namespace {

constexpr int kCandidates = 16;
constexpr double kNarrowest = 0.7;  // of the scale that covers the filter

// One filter with what its elements multiply, in pairing order.
struct Filter {
  std::vector<double> weights;
  std::span<const double> mean;
  std::span<const double> variance;
};

// The codes less their zero point, the middle one: what unsigned weights have in common with
// signed.
CodeRange centred_codes(const ScaleOptions& options) {
  const CodeRange codes = options.type.codes(options.narrow);
  return {codes.qmin - options.type.middle(), codes.qmax - options.type.middle()};
}

double covering_scale(const Filter& filter, int32_t qmax) {
  double largest = 0;
  for (const double w : filter.weights) largest = std::max(largest, std::abs(w));
  return largest / qmax;
}

// The smallest scale at which no two neighbours of one sign exceed the limit before rounding.
double pair_safe_scale(const Filter& filter, const Filters& filters) {
  double largest = 0;
  for (const auto& [a, b] : filters.pairs) {
    const double x = filter.weights[static_cast<size_t>(a)];
    const double y = filter.weights[static_cast<size_t>(b)];
    if ((x > 0) == (y > 0)) largest = std::max(largest, std::abs(x + y));
  }
  return largest / kPairLimit;
}

class Search {
 public:
  Search(const Filters& filters, const ScaleOptions& options)
      : filters_(filters), options_(options), codes_(static_cast<size_t>(filters.length)) {}

  double error(const Filter& filter, double scale) {
    const auto [qmin, qmax] = centred_codes(options_);
    for (size_t k = 0; k < codes_.size(); ++k) {
      const double code = std::nearbyint(filter.weights[k] / scale);
      codes_[k] = static_cast<int32_t>(std::clamp(code, double(qmin), double(qmax)));
    }
    if (options_.pairs == PairSafety::kHeld) hold_to_pair_limit(codes_, filters_.pairs);
    double squares = 0;
    double shift = 0;
    for (size_t k = 0; k < codes_.size(); ++k) {
      const double d = filter.weights[k] - scale * codes_[k];
      squares += filter.variance[k] * d * d;
      shift += filter.mean[k] * d;
    }
    return options_.mean_is_corrected ? squares : squares + shift * shift;
  }

 private:
  const Filters& filters_;
  const ScaleOptions& options_;
  std::vector<int32_t> codes_;
};

// The ends between which the scale is looked for.
std::pair<double, double> ends(const Filter& filter, const Filters& filters,
                               const ScaleOptions& options) {
  const double covering = covering_scale(filter, centred_codes(options).qmax);
  double high = covering;
  if (options.pairs == PairSafety::kHeld) {
    constexpr double kRoom = 1.02;  // for two codes that are rounded upwards
    high = std::max(high, kRoom * pair_safe_scale(filter, filters));
  }
  return {kNarrowest * covering, high};
}

float at_least(double scale, double least) {
  const double chosen = std::max(scale, least);
  return chosen > 0 ? std::max(static_cast<float>(chosen), std::numeric_limits<float>::min())
                    : 1.0F;
}

}  // namespace

InputMoments input_moments(const onnx::NodeProto& node, std::span<const int64_t> weight_dims,
                           const Observer& observer) {
  InputMoments moments;
  const bool convolution = is_op(node, "Conv");
  moments.groups = convolution ? int_attribute(node, "group", 1) : 1;
  const Filters filters = filters_of(node, weight_dims);
  // Channels of the data that one filter reads.
  const bool transposed = is_op(node, "ConvTranspose");
  const int64_t channels = convolution  ? weight_dims[1]
                           : transposed ? weight_dims[0]
                                        : filters.length;
  const auto known = observer.channels();
  const bool per_channel = static_cast<int64_t>(known.size()) == moments.groups * channels;
  for (int64_t group = 0; group < moments.groups; ++group) {
    for (int64_t k = 0; k < filters.length; ++k) {
      const auto channel = static_cast<size_t>(group * channels + k % channels);
      const Statistics& statistics = per_channel ? known[channel] : observer.statistics();
      const double mean = statistics.mean();
      const auto finite = static_cast<double>(statistics.extremes.finite());
      const double square = finite > 0 ? statistics.moments.sum_of_squares.value() / finite : 0;
      moments.mean.push_back(mean);
      moments.variance.push_back(std::max(square - mean * mean, 0.0));
    }
  }
  return moments;
}

void divide(InputMoments& moments, std::span<const float> factors) {
  const size_t length = moments.mean.size() / static_cast<size_t>(moments.groups);
  const size_t in_group = factors.size() / static_cast<size_t>(moments.groups);
  for (size_t i = 0; i < moments.mean.size(); ++i) {
    // In pairing order the channel runs fastest.
    const double factor = factors[i / length * in_group + i % length % in_group];
    moments.mean[i] /= factor;
    moments.variance[i] /= factor * factor;
  }
}

Result<std::vector<float>> choose_weight_scales(const onnx::NodeProto& node, const Tensor& weight,
                                                std::span<const float> bias,
                                                const InputMoments& moments,
                                                const ScaleOptions& options) {
  ZP_ASSIGN_OR_RETURN(const auto floats, to_floats(weight));
  for (size_t i = 0; i < floats.size(); ++i) {
    if (!std::isfinite(floats[i])) {
      return invalid_data(fmt::format("element {} is {}; weights must be finite", i, floats[i]));
    }
  }
  const Filters filters = filters_of(node, weight.shape().dims());
  const auto length = static_cast<size_t>(filters.length);
  const int64_t in_group = std::max<int64_t>(filters.count / moments.groups, 1);
  std::vector<Filter> all(static_cast<size_t>(filters.count));
  for (size_t o = 0; o < all.size(); ++o) {
    all[o].weights.resize(length);
    for (size_t k = 0; k < length; ++k) {
      all[o].weights[k] = floats[static_cast<size_t>(filters.offsets[o * length + k])];
    }
    const size_t group = o / static_cast<size_t>(in_group) * length;
    all[o].mean = std::span(moments.mean).subspan(group, length);
    all[o].variance = std::span(moments.variance).subspan(group, length);
  }
  const auto least = [&](size_t o) {
    return bias.empty() ? 0 : std::abs(double{bias[o]}) / (options.input_scale * kLargestBiasCode);
  };
  Search search(filters, options);
  // The candidate with the smallest error summed over these filters, for `low` .. `high`.
  const auto best_of = [&](std::span<const Filter> some, double low, double high) {
    double best = high;
    double smallest = std::numeric_limits<double>::infinity();
    for (int i = kCandidates - 1; i >= 0; --i) {
      const double scale = static_cast<float>(low + (high - low) * i / (kCandidates - 1));
      if (!(scale > 0)) continue;
      double error = 0;
      for (const Filter& filter : some) error += search.error(filter, scale);
      if (error < smallest) {
        smallest = error;
        best = scale;
      }
    }
    return best;
  };
  std::vector<float> scales;
  if (options.per_channel) {
    for (size_t o = 0; o < all.size(); ++o) {
      const auto [low, high] = ends(all[o], filters, options);
      scales.push_back(at_least(best_of(std::span(all).subspan(o, 1), low, high), least(o)));
    }
    return scales;
  }
  double low = 0;
  double high = 0;
  double least_of_all = 0;
  for (size_t o = 0; o < all.size(); ++o) {
    const auto [own_low, own_high] = ends(all[o], filters, options);
    low = std::max(low, own_low);
    high = std::max(high, own_high);
    least_of_all = std::max(least_of_all, least(o));
  }
  scales.push_back(at_least(best_of(all, low, high), least_of_all));
  return scales;
}

bool raise_for_biases(std::span<float> scales, std::span<const float> biases, float input_scale) {
  bool raised = false;
  for (size_t o = 0; o < biases.size(); ++o) {
    float& scale = scales[scales.size() == 1 ? 0 : o];
    const double size = std::abs(double{biases[o]});
    // The bias's own scale is a float32 product, which may be a little below the exact one.
    while (size > kLargestBiasCode * double{input_scale * scale}) {
      const auto exact = static_cast<float>(size / (input_scale * kLargestBiasCode));
      scale = std::max(exact, std::nextafter(scale, std::numeric_limits<float>::max()));
      raised = true;
    }
  }
  return raised;
}

std::vector<float> bias_correction(const Filters& filters, std::span<const float> weights,
                                   std::span<const int32_t> codes, std::span<const float> scales,
                                   const InputMoments& moments) {
  const auto length = static_cast<size_t>(filters.length);
  const auto count = static_cast<size_t>(filters.count);
  const size_t in_group = std::max<size_t>(count / static_cast<size_t>(moments.groups), 1);
  std::vector<float> correction;
  for (size_t o = 0; o < count; ++o) {
    const double scale = scales[scales.size() == 1 ? 0 : o];
    const size_t group = o / in_group * length;
    double shift = 0;
    for (size_t k = 0; k < length; ++k) {
      const auto at = static_cast<size_t>(filters.offsets[o * length + k]);
      shift += (double{weights[at]} - scale * codes[at]) * moments.mean[group + k];
    }
    correction.push_back(static_cast<float>(shift));
  }
  return correction;
}

}  // namespace zp
