// The sum and the sum of squares of the finite elements of a span, exact: equal, bit for bit on
// every target, to ExactSum::add and ExactSum::add_square on each element.
#pragma once

#include <span>

#include "zeropoint/numerics/exact_sum.h"

namespace zp::kernels {

// A value: moments of two spans merge into those of both together, in any order.
struct Moments {
  ExactSum sum;
  ExactSum sum_of_squares;

  void merge(const Moments& other) {
    sum.merge(other.sum);
    sum_of_squares.merge(other.sum_of_squares);
  }
  friend bool operator==(const Moments&, const Moments&) = default;
};

// NaN and infinities add nothing (min_max counts them).
void add_moments(std::span<const float> x, Moments& moments);

}  // namespace zp::kernels
