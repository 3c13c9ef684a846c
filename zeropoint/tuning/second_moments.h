// Second moments of what a weighted node multiplies: H = sum of x x^T over the rows of its input
// (input_rows.h), in codes less their zero point.
//
// For an error d in a filter's weights, d^T H d is the squared error at the node's output, summed
// over those rows: all that rounding needs to know of the samples (Optimal Brain Surgeon, Hassibi
// and Stork 1993; arXiv 2004.10568; arXiv 2210.17323). Codes are integers, so every sum
// here is exact: it depends on no order, and parts add up to the whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "zeropoint/base/error.h"

namespace zp {

// What turns the floats that a node reads into codes: code - zero point = round(x / scale), of a
// magnitude of at most `largest`. Values that were quantized are such multiples already; others are
// rounded here to as many steps as one likes (`largest` up to 65535).
struct InputCodes {
  double scale = 1;
  int32_t largest = 255;

  friend bool operator==(const InputCodes&, const InputCodes&) = default;
};

// Which sums are taken.
enum class MomentsKind {
  kInput,          // of the input x
  kWithFloatInput  // also of how far the float model's x is from it
};

// Differences between the float model's input and this one's are taken in steps of 1/64 code, and
// up to the largest code.
inline constexpr int32_t kDifferenceSteps = 64;

struct SecondMoments {
  InputCodes codes;
  int64_t groups = 1;
  int64_t length = 0;           // elements of a filter
  int64_t rows = 0;             // that were summed
  std::vector<double> sum;      // groups * length: of x
  std::vector<double> product;  // groups * length * length: of x_i x_j
  // With the float input, empty without: of e = x_float - x, in codes (multiples of 1/64).
  std::vector<double> difference;  // groups * length: of e
  std::vector<double> cross;       // groups * length * length: of e_i x_j, i the slower index

  static SecondMoments zeros(const InputCodes& codes, int64_t groups, int64_t length,
                             MomentsKind kind);
  MomentsKind kind() const {
    return cross.empty() ? MomentsKind::kInput : MomentsKind::kWithFloatInput;
  }
  // Bytes that the sums of such a node take.
  static size_t size_in_memory(int64_t groups, int64_t length, MomentsKind kind);
};

// The rows of one sample, as InputRows::copy lays them out.
struct RowsOfSample {
  int64_t rows = 0;
  int64_t taps = 1;
  int64_t channels = 1;                 // of one group
  std::span<const float> values;        // as the node reads them
  std::span<const float> float_values;  // of the same rows in the float model; or empty
};

// Moments as they come together, from several threads if need be.
class MomentsSum {
 public:
  MomentsSum(const InputCodes& codes, int64_t groups, int64_t length, MomentsKind kind);

  // Adds the sums over these rows. Errors, after which the sum is of no use: a value that is not
  // finite or further from 0 than codes.largest, float values where the kind has none or the other
  // way around, another number of elements, more rows than the sums hold exactly (2^53 / (64 *
  // largest^2): 2 * 10^9 for 8 bits).
  Status add(const RowsOfSample& sample);
  // Ends the summing.
  SecondMoments take();

 private:
  std::mutex mutex_;  // guards what follows
  SecondMoments moments_;
};

// Adds `part` to `moments`, both sums of one node, as if all rows had been summed at once. Errors:
// moments of different form or codes, too many rows as above.
Status merge(SecondMoments& moments, const SecondMoments& part);

}  // namespace zp
