#include "zeropoint/evaluate/classification.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "zeropoint/evaluate/float_elements.h"

namespace zp {
namespace {

constexpr int64_t kFirst = 5;  // "top-5"

// Whether score a of class i comes before score b of class j.
bool is_before(float a, int64_t i, float b, int64_t j) {
  if (std::isnan(a)) return false;
  return std::isnan(b) || a > b || (a == b && i < j);
}

}  // namespace

Result<ScoreRows> score_rows(const Shape& shape) {
  const auto no_scores = [&] {
    return invalid_argument(fmt::format(
        "its shape {} is not that of class scores, [samples, classes]", shape.to_string()));
  };
  if (shape.rank() == 0) return no_scores();
  ScoreRows result{.rows = shape.rank() == 1 ? 1 : shape.dim(0), .classes = 1};
  for (int axis = shape.rank() == 1 ? 0 : 1; axis < shape.rank(); ++axis) {
    if (shape.dim(axis) == 1) continue;
    if (result.classes != 1) return no_scores();
    result.classes = shape.dim(axis);
  }
  if (result.classes < 2) return no_scores();
  return result;
}

int64_t place_of(std::span<const float> scores, int64_t label) {
  const float own = scores[static_cast<size_t>(label)];
  if (std::isnan(own)) return static_cast<int64_t>(scores.size());
  int64_t place = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (is_before(scores[i], static_cast<int64_t>(i), own, label)) ++place;
  }
  return place;
}

int64_t top_class(std::span<const float> scores) {
  int64_t top = -1;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (std::isnan(scores[i])) continue;
    if (top < 0 || scores[i] > scores[static_cast<size_t>(top)]) top = static_cast<int64_t>(i);
  }
  return top;
}

Status Classification::add(const OutputView& reference, const OutputView& quantized,
                           std::span<const int64_t> labels) {
  if (reference.shape != quantized.shape) {
    return invalid_argument(fmt::format("it is {} in the float model and {} in the quantized one",
                                        reference.shape.to_string(), quantized.shape.to_string()));
  }
  ZP_ASSIGN_OR_RETURN(const ScoreRows rows, score_rows(reference.shape));
  if (rows.rows != static_cast<int64_t>(labels.size())) {
    return invalid_argument(fmt::format("it holds the scores of {} samples, one run has {} label{}",
                                        rows.rows, labels.size(), labels.size() == 1 ? "" : "s"));
  }
  if (classes != 0 && classes != rows.classes) {
    return invalid_argument(
        fmt::format("it has {} classes here and {} in another sample", rows.classes, classes));
  }
  std::vector<float> reference_storage;
  std::vector<float> quantized_storage;
  ZP_ASSIGN_OR_RETURN(const auto x, float_elements(reference, reference_storage));
  ZP_ASSIGN_OR_RETURN(const auto y, float_elements(quantized, quantized_storage));
  classes = rows.classes;
  const auto width = static_cast<size_t>(rows.classes);
  for (size_t row = 0; row < labels.size(); ++row) {
    const int64_t label = labels[row];
    if (label < 0 || label >= rows.classes) {
      return invalid_argument(fmt::format("label {} is no class: it has {}, from 0 to {}", label,
                                          rows.classes, rows.classes - 1));
    }
    const auto x_scores = x.subspan(row * width, width);
    const auto y_scores = y.subspan(row * width, width);
    const int64_t x_place = place_of(x_scores, label);
    const int64_t y_place = place_of(y_scores, label);
    ++samples;
    reference_top1 += x_place == 0 ? 1 : 0;
    reference_top5 += x_place < kFirst ? 1 : 0;
    quantized_top1 += y_place == 0 ? 1 : 0;
    quantized_top5 += y_place < kFirst ? 1 : 0;
    agreeing += top_class(x_scores) == top_class(y_scores) ? 1 : 0;
    only_reference_right += x_place == 0 && y_place != 0 ? 1 : 0;
    only_quantized_right += x_place != 0 && y_place == 0 ? 1 : 0;
  }
  return {};
}

void Classification::merge(const Classification& other) {
  if (classes == 0) classes = other.classes;
  samples += other.samples;
  reference_top1 += other.reference_top1;
  reference_top5 += other.reference_top5;
  quantized_top1 += other.quantized_top1;
  quantized_top5 += other.quantized_top5;
  agreeing += other.agreeing;
  only_reference_right += other.only_reference_right;
  only_quantized_right += other.only_quantized_right;
}

}  // namespace zp
