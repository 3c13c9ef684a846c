// Right answers of two classifiers to the same samples.
#pragma once

#include <cstdint>
#include <span>

#include "zeropoint/base/error.h"
#include "zeropoint/engine/engine.h"
#include "zeropoint/evaluate/paired_difference.h"

namespace zp {

// Where an output holds the scores of classes: `rows` answers of `classes` scores each, one after
// the other.
struct ScoreRows {
  int64_t rows = 0;
  int64_t classes = 0;

  friend bool operator==(const ScoreRows&, const ScoreRows&) = default;
};

// [C] is one answer, [N, C] is N, and dimensions of 1 beside C ([N, C, 1, 1], [N, 1, 1, C]) do not
// count. Errors, which do not name the output: more than one other dimension above 1, fewer than
// two classes.
Result<ScoreRows> score_rows(const Shape& shape);

// The place of class `label` among the scores: 0 where it has the highest. Of equal scores the
// lower class comes first, as argmax has it. A score of NaN comes last, and a label whose own score
// is NaN has the place scores.size(). Requires 0 <= label < scores.size().
int64_t place_of(std::span<const float> scores, int64_t label);

// The class of the highest score; -1 where all are NaN.
int64_t top_class(std::span<const float> scores);

// Counts of answers. A value that merges in any order.
struct Classification {
  int64_t samples = 0;
  int64_t classes = 0;                             // of the outputs; 0 before the first
  int64_t reference_top1 = 0, reference_top5 = 0;  // the label is first; among the first five
  int64_t quantized_top1 = 0, quantized_top5 = 0;
  int64_t agreeing = 0;              // the same class first, right or wrong
  int64_t only_reference_right = 0;  // by top-1
  int64_t only_quantized_right = 0;

  // Takes up what one run gave: one label for each answer in it. Errors, which do not name the
  // output: elements that are no floats, those of score_rows, another number of answers than of
  // labels, a label that is no class, shapes or numbers of classes that differ.
  Status add(const OutputView& reference, const OutputView& quantized,
             std::span<const int64_t> labels);
  void merge(const Classification& other);

  PairedCounts paired() const { return {samples, only_reference_right, only_quantized_right}; }

  friend bool operator==(const Classification&, const Classification&) = default;
};

}  // namespace zp
