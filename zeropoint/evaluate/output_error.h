// How far the values of a quantized model lie from those of the float model, over all samples.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "zeropoint/base/error.h"
#include "zeropoint/engine/engine.h"
#include "zeropoint/numerics/exact_sum.h"

namespace zp {

// Floats (of 16, 32 or 64 bits, compared as float32) differ by some amount; all other elements are
// equal or not.
enum class ValueKind { kFloat, kOther };
ValueKind value_kind(DataType type);

// A sample, by the number it was added under, and what is worst about it: of floats its
// signal-to-noise ratio in dB, of others its share of equal elements.
struct WorstSample {
  int64_t sample = 0;
  double score = 0;

  friend bool operator==(const WorstSample&, const WorstSample&) = default;
};

// The error of one output or inner tensor. A value: any split of the samples into several, merged
// in any order, gives the same one. x is the float model's element, y the quantized model's.
//
// Positions where x or y is not finite are in no sum. They are equal where both are NaN or the same
// infinity; anywhere else the value is destroyed, and one destroyed element makes a signal-to-noise
// ratio of minus infinity. A sample that gives other shapes in the two models (the number of boxes
// that a detector finds, say) cannot be compared by element: it is counted, is in no sum and has
// the worst of scores.
class OutputError {
 public:
  OutputError() = default;
  OutputError(std::string name, ValueKind kind) : name_(std::move(name)), kind_(kind) {}

  // Takes up what one sample gave. An error where a type is not of the kind; of others the two
  // types must be the same, with elements of whole bytes.
  Status add(int64_t sample, const OutputView& reference, const OutputView& quantized);
  // Takes up what another one of the same name and kind has seen.
  void merge(const OutputError& other);

  const std::string& name() const { return name_; }
  ValueKind kind() const { return kind_; }
  int64_t samples() const { return samples_; }
  // Samples that could not be compared.
  int64_t shape_mismatches() const { return shape_mismatches_; }
  // Elements of the samples that could.
  int64_t elements() const { return elements_; }
  // The lowest score; of several equal ones the lowest sample. Nothing before a sample was added.
  const std::optional<WorstSample>& worst() const { return worst_; }

  // Of floats. Signal to quantization noise in dB, 10 log10(sum x^2 / sum (x - y)^2): +infinity
  // where all is equal (or there is no element), -infinity where an element is destroyed, no sample
  // could be compared, or x is 0 everywhere and y is not.
  double sqnr_db() const;
  // The same over the positions where both are finite.
  double finite_sqnr_db() const;
  // The mean over the samples of each one's own ratio, which a single sample does not rule: those
  // above 100 dB count as that, those below -20 dB, destroyed ones too, as that. 0 before a sample
  // was added.
  double mean_sample_sqnr_db() const;
  // sum xy / sqrt(sum x^2 sum y^2): 1 where both are 0 everywhere, 0 where one of them is. Over the
  // positions where both are finite, of all samples as one vector.
  double cosine() const;
  // The largest |x - y|; infinite where an element is destroyed.
  double max_abs_difference() const;
  int64_t destroyed() const { return destroyed_; }
  // Where both are not finite and equal.
  int64_t equal_not_finite() const { return equal_not_finite_; }

  // Of others. Equal elements over elements(); 1 where there is none.
  double equal_share() const;

  friend bool operator==(const OutputError&, const OutputError&) = default;

 private:
  Status add_floats(int64_t sample, const OutputView& reference, const OutputView& quantized);
  Status add_others(int64_t sample, const OutputView& reference, const OutputView& quantized);
  void note_score(WorstSample score);

  std::string name_;
  ValueKind kind_ = ValueKind::kFloat;
  int64_t samples_ = 0;
  int64_t shape_mismatches_ = 0;
  int64_t elements_ = 0;
  std::optional<WorstSample> worst_;
  // Each sample's sums are taken in double, in a fixed order, and added up without rounding.
  ExactSum scores_;            // of samples, clamped
  ExactSum signal_;            // x^2
  ExactSum noise_;             // (x - y)^2
  ExactSum quantized_;         // y^2
  ExactSum product_;           // xy
  double max_difference_ = 0;  // where both are finite
  int64_t destroyed_ = 0;
  int64_t equal_not_finite_ = 0;
  int64_t equal_ = 0;
};

}  // namespace zp
