// Sums of products of small integers: the products of matrices of codes that second moments are
// made of. Exact, so the same on every target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace zp::kernels {

// A matrix of int16, its rows in pairs as multiply-and-add instructions want them: element (r, c)
// lies at paired_index(r, c, columns). Where the number of rows is odd, zeros stand in for the
// last one.
struct PairedRows {
  // paired_size(rows, columns) elements.
  std::span<const int16_t> data;
  int64_t rows = 0;
  int64_t columns = 0;
};

// What comes behind the last element may be read, and is of no effect.
inline constexpr size_t kPairedSlack = 256;

constexpr size_t paired_index(int64_t row, int64_t column, int64_t columns) {
  return static_cast<size_t>((row / 2 * columns + column) * 2 + row % 2);
}
constexpr size_t paired_size(int64_t rows, int64_t columns) {
  return static_cast<size_t>((rows + 1) / 2 * columns * 2) + kPairedSlack;
}

// Columns [begin, end) of a matrix.
struct Columns {
  int64_t begin = 0;
  int64_t end = 0;
};

// out = a^T b for these columns, row-major, one row for each column of `a`. Both have as many rows.
// Requires that no sum of magnitudes of products exceeds 2^31 - 1.
void gram(const PairedRows& a, Columns of_a, const PairedRows& b, Columns of_b,
          std::span<int32_t> out);

// The same for matrices that have columns [taps, channels], channel by channel:
//
//   out[(i * taps + j) * channels + c] = sum over r of a(r, i * channels + c) b(r, j * channels +
//   c)
void gram_of_channels(const PairedRows& a, const PairedRows& b, int64_t taps, int64_t channels,
                      std::span<int32_t> out);

}  // namespace zp::kernels
