#include "zeropoint/kernels/gram.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "zeropoint/kernels/test_targets.h"

namespace zp::kernels {
namespace {

class Gram : public OnEachTarget {};
INSTANTIATE_ON_EACH_TARGET(Gram);

struct Codes {
  int64_t rows;
  int64_t columns;
  std::vector<int16_t> data;

  Codes(int64_t row_count, int64_t column_count, int largest, unsigned seed)
      : rows(row_count), columns(column_count), data(paired_size(rows, columns)) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<int> code(-largest, largest);
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        data[paired_index(r, c, columns)] = static_cast<int16_t>(code(random));
      }
    }
  }
  int32_t at(int64_t row, int64_t column) const { return data[paired_index(row, column, columns)]; }
  PairedRows view() const { return {data, rows, columns}; }
};

int64_t product(const Codes& a, int64_t i, const Codes& b, int64_t j) {
  int64_t sum = 0;
  for (int64_t r = 0; r < a.rows; ++r) sum += int64_t{a.at(r, i)} * b.at(r, j);
  return sum;
}

TEST_P(Gram, IsTheSumOverRowsForEverySize) {
  for (const int64_t rows : {0, 1, 2, 7, 64}) {
    for (int64_t width = 1; width < 40; ++width) {
      const Codes a(rows, width + 3, 255, 1);
      const Codes b(rows, width + 1, 32767, 2);
      const Columns of_a{2, width + 3};
      const Columns of_b{1, width + 1};
      std::vector<int32_t> out(static_cast<size_t>((width + 1) * width), -1);
      gram(a.view(), of_a, b.view(), of_b, out);
      size_t k = 0;
      for (int64_t i = of_a.begin; i < of_a.end; ++i) {
        for (int64_t j = of_b.begin; j < of_b.end; ++j) {
          ASSERT_EQ(out[k++], product(a, i, b, j)) << rows << " rows, " << i << ", " << j;
        }
      }
    }
  }
}

// 2^31 - 1 is just above 33025 * 255^2.
TEST_P(Gram, HoldsTheLargestSum) {
  Codes a(33025, 1, 0, 0);
  for (int64_t r = 0; r < a.rows; ++r) a.data[paired_index(r, 0, 1)] = -255;
  std::vector<int32_t> out(1);
  gram(a.view(), {0, 1}, a.view(), {0, 1}, out);
  EXPECT_EQ(out[0], 33025 * 255 * 255);
}

TEST_P(Gram, GoesChannelByChannel) {
  for (int64_t channels = 1; channels < 40; ++channels) {
    constexpr int64_t kTaps = 3;
    const Codes a(9, kTaps * channels, 255, 3);
    const Codes b(9, kTaps * channels, 255, 4);
    std::vector<int32_t> out(static_cast<size_t>(kTaps * kTaps * channels), -1);
    gram_of_channels(a.view(), b.view(), kTaps, channels, out);
    size_t k = 0;
    for (int64_t i = 0; i < kTaps; ++i) {
      for (int64_t j = 0; j < kTaps; ++j) {
        for (int64_t c = 0; c < channels; ++c) {
          ASSERT_EQ(out[k++], product(a, i * channels + c, b, j * channels + c));
        }
      }
    }
  }
}

}  // namespace
}  // namespace zp::kernels
