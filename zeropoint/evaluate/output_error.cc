#include "zeropoint/evaluate/output_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include "zeropoint/evaluate/float_elements.h"

namespace zp {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Independent sums, so that an addition need not wait for the one before it.
constexpr size_t kLanes = 8;

struct Sums {
  double signal = 0;
  double noise = 0;
  double quantized = 0;
  double product = 0;
  double max_difference = 0;
  int64_t destroyed = 0;
  int64_t equal_not_finite = 0;
};

// Differences of float32 are multiples of 2^-149 and stay so when they are rounded to double; so
// squares, products and their sums stay multiples of 2^-298, the unit of ExactSum.
Sums sums_of(std::span<const float> x, std::span<const float> y) {
  std::array<Sums, kLanes> lanes;
  for (size_t i = 0; i < x.size(); ++i) {
    Sums& sums = lanes[i % kLanes];
    const double a = x[i];
    const double b = y[i];
    if (std::isfinite(a) && std::isfinite(b)) {
      const double difference = a - b;
      sums.signal += a * a;
      sums.noise += difference * difference;
      sums.quantized += b * b;
      sums.product += a * b;
      sums.max_difference = std::max(sums.max_difference, std::abs(difference));
    } else if (a == b || (std::isnan(a) && std::isnan(b))) {
      ++sums.equal_not_finite;
    } else {
      ++sums.destroyed;
    }
  }
  Sums all = lanes[0];
  for (size_t lane = 1; lane < kLanes; ++lane) {
    const Sums& sums = lanes[lane];
    all.signal += sums.signal;
    all.noise += sums.noise;
    all.quantized += sums.quantized;
    all.product += sums.product;
    all.max_difference = std::max(all.max_difference, sums.max_difference);
    all.destroyed += sums.destroyed;
    all.equal_not_finite += sums.equal_not_finite;
  }
  return all;
}

void add_to(ExactSum& sum, double value) {
  if (value == 0) return;
  constexpr int kDigits = std::numeric_limits<double>::digits;
  int exponent = 0;
  auto mantissa = static_cast<int64_t>(std::ldexp(std::frexp(value, &exponent), kDigits));  // exact
  exponent -= kDigits;
  // add_scaled takes exponents from ExactSum::kUnitExponent to 256.
  constexpr int kTop = 256;
  for (; exponent < ExactSum::kUnitExponent; ++exponent) mantissa /= 2;
  for (; exponent > kTop; --exponent) mantissa *= 2;
  sum.add_scaled(mantissa, exponent);
}

double decibels(double signal, double noise) {
  return noise == 0 ? kInfinity : 10 * std::log10(signal / noise);
}

// A sample's ratio as it enters the mean; float32, whose sums are exact.
float clamped(double score) {
  constexpr double kLowest = -20;
  constexpr double kHighest = 100;
  return static_cast<float>(std::clamp(score, kLowest, kHighest));
}

}  // namespace

ValueKind value_kind(DataType type) {
  switch (type) {
    case DataType::kFloat:
    case DataType::kDouble:
    case DataType::kFloat16:
    case DataType::kBfloat16:
      return ValueKind::kFloat;
    default:
      return ValueKind::kOther;
  }
}

Status OutputError::add(int64_t sample, const OutputView& reference, const OutputView& quantized) {
  const bool fits = value_kind(reference.type) == kind_ && value_kind(quantized.type) == kind_ &&
                    (kind_ == ValueKind::kFloat || reference.type == quantized.type);
  if (!fits) {
    return invalid_argument(
        fmt::format("value \"{}\" is {} in the float model and {} in the quantized one", name_,
                    zp::name(reference.type), zp::name(quantized.type)));
  }
  if (reference.shape != quantized.shape) {
    ++samples_;
    ++shape_mismatches_;
    note_score({sample, kind_ == ValueKind::kFloat ? -kInfinity : 0});
    scores_.add(clamped(-kInfinity));
    return {};
  }
  ZP_RETURN_IF_ERROR(kind_ == ValueKind::kFloat ? add_floats(sample, reference, quantized)
                                                : add_others(sample, reference, quantized));
  ++samples_;
  elements_ += reference.shape.element_count();
  return {};
}

Status OutputError::add_floats(int64_t sample, const OutputView& reference,
                               const OutputView& quantized) {
  std::vector<float> reference_storage;
  std::vector<float> quantized_storage;
  ZP_ASSIGN_OR_RETURN(const auto x, float_elements(reference, reference_storage));
  ZP_ASSIGN_OR_RETURN(const auto y, float_elements(quantized, quantized_storage));
  const Sums sums = sums_of(x, y);
  add_to(signal_, sums.signal);
  add_to(noise_, sums.noise);
  add_to(quantized_, sums.quantized);
  add_to(product_, sums.product);
  max_difference_ = std::max(max_difference_, sums.max_difference);
  destroyed_ += sums.destroyed;
  equal_not_finite_ += sums.equal_not_finite;
  const double score = sums.destroyed > 0 ? -kInfinity : decibels(sums.signal, sums.noise);
  note_score({sample, score});
  scores_.add(clamped(score));
  return {};
}

Status OutputError::add_others(int64_t sample, const OutputView& reference,
                               const OutputView& quantized) {
  const int width = bits(reference.type);
  if (width == 0 || width % 8 != 0) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("value \"{}\": elements of type {} cannot be compared", name_,
                            zp::name(reference.type)));
  }
  const auto size = static_cast<size_t>(width / 8);
  int64_t equal = 0;
  for (size_t at = 0; at < reference.bytes.size(); at += size) {
    if (std::memcmp(&reference.bytes[at], &quantized.bytes[at], size) == 0) ++equal;
  }
  equal_ += equal;
  const auto count = static_cast<double>(reference.shape.element_count());
  note_score({sample, count == 0 ? 1 : static_cast<double>(equal) / count});
  return {};
}

void OutputError::note_score(WorstSample score) {
  const bool is_worse = !worst_ || score.score < worst_->score ||
                        (score.score == worst_->score && score.sample < worst_->sample);
  if (is_worse) worst_ = score;
}

void OutputError::merge(const OutputError& other) {
  samples_ += other.samples_;
  shape_mismatches_ += other.shape_mismatches_;
  elements_ += other.elements_;
  if (other.worst_) note_score(*other.worst_);
  scores_.merge(other.scores_);
  signal_.merge(other.signal_);
  noise_.merge(other.noise_);
  quantized_.merge(other.quantized_);
  product_.merge(other.product_);
  max_difference_ = std::max(max_difference_, other.max_difference_);
  destroyed_ += other.destroyed_;
  equal_not_finite_ += other.equal_not_finite_;
  equal_ += other.equal_;
}

double OutputError::sqnr_db() const {
  const bool none_compared = samples_ > 0 && shape_mismatches_ == samples_;
  return destroyed_ > 0 || none_compared ? -kInfinity : finite_sqnr_db();
}

double OutputError::mean_sample_sqnr_db() const {
  return samples_ > 0 ? scores_.value() / static_cast<double>(samples_) : 0;
}

double OutputError::finite_sqnr_db() const { return decibels(signal_.value(), noise_.value()); }

double OutputError::cosine() const {
  const double signal = signal_.value();
  const double quantized = quantized_.value();
  if (signal == 0 || quantized == 0) return signal == quantized ? 1 : 0;
  // Rounding may carry the quotient past the ends.
  return std::clamp(product_.value() / std::sqrt(signal * quantized), -1.0, 1.0);
}

double OutputError::max_abs_difference() const {
  return destroyed_ > 0 ? kInfinity : max_difference_;
}

double OutputError::equal_share() const {
  return elements_ == 0 ? 1 : static_cast<double>(equal_) / static_cast<double>(elements_);
}

}  // namespace zp
