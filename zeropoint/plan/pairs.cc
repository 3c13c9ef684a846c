#include "zeropoint/plan/pairs.h"

#include <algorithm>
#include <cstdlib>

namespace zp {
namespace {

void add_pairs(Filters& filters, int64_t taps, int64_t channels) {
  const auto length = static_cast<int32_t>(filters.length);
  for (int32_t k = 0; k + 1 < length; k += 2) filters.pairs.emplace_back(k, k + 1);
  if (channels % 2 == 0 || taps == 1) return;
  // Within a tap of an odd number of channels other elements are neighbours.
  for (int64_t tap = 0; tap < taps; ++tap) {
    for (int64_t c = 0; c + 1 < channels; c += 2) {
      const auto k = static_cast<int32_t>(tap * channels + c);
      if (k % 2 != 0) filters.pairs.emplace_back(k, k + 1);
    }
  }
}

}  // namespace

Filters conv_filters(std::span<const int64_t> dims, int64_t groups) {
  Filters filters;
  filters.count = dims[0];
  const int64_t channels = dims[1];
  int64_t taps = 1;
  for (const int64_t dim : dims.subspan(2)) taps *= dim;
  filters.length = channels * taps;
  filters.offsets.reserve(static_cast<size_t>(filters.count * filters.length));
  for (int64_t o = 0; o < filters.count; ++o) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      for (int64_t c = 0; c < channels; ++c) {
        filters.offsets.push_back((o * channels + c) * taps + tap);
      }
    }
  }
  if (!(groups > 1 && channels == 1)) add_pairs(filters, taps, channels);
  return filters;
}

Filters conv_transpose_filters(std::span<const int64_t> dims) {
  Filters filters;
  const int64_t channels = dims[0];
  filters.count = dims[1];
  int64_t taps = 1;
  for (const int64_t dim : dims.subspan(2)) taps *= dim;
  filters.length = channels * taps;
  for (int64_t o = 0; o < filters.count; ++o) {
    for (int64_t tap = 0; tap < taps; ++tap) {
      for (int64_t c = 0; c < channels; ++c) {
        filters.offsets.push_back((c * filters.count + o) * taps + tap);
      }
    }
  }
  return filters;
}

Filters matmul_filters(std::span<const int64_t> dims, Transposed transposed) {
  Filters filters;
  const bool swapped = transposed == Transposed::kYes;
  filters.count = swapped ? dims[0] : dims[1];
  filters.length = swapped ? dims[1] : dims[0];
  filters.offsets.reserve(static_cast<size_t>(filters.count * filters.length));
  for (int64_t o = 0; o < filters.count; ++o) {
    for (int64_t k = 0; k < filters.length; ++k) {
      filters.offsets.push_back(swapped ? o * filters.length + k : k * filters.count + o);
    }
  }
  add_pairs(filters, 1, filters.length);
  return filters;
}

void hold_to_pair_limit(std::span<int32_t> codes,
                        std::span<const std::pair<int32_t, int32_t>> pairs) {
  for (const auto& [a, b] : pairs) {
    int32_t& x = codes[static_cast<size_t>(a)];
    int32_t& y = codes[static_cast<size_t>(b)];
    // Of different signs the products cancel.
    while ((x > 0) == (y > 0) && x != 0 && y != 0 && std::abs(x) + std::abs(y) > kPairLimit) {
      int32_t& larger = std::abs(x) >= std::abs(y) ? x : y;
      larger += larger > 0 ? -1 : 1;
    }
  }
}

}  // namespace zp
