// The saturation of x86 without VNNI, and codes that cannot reach it.
//
// vpmaddubsw multiplies unsigned by signed bytes and adds neighbouring products into 16 bits, which
// saturate at 32767 and -32768. With an input code of 255 the sum of two weight codes of one sign
// may be 128: 255 * 128 = 32640. Which weights are neighbours was found by trying
// (docs/targets.md): ONNX Runtime pairs elements 2j and 2j+1 of a filter flattened as (kh, kw,
// cin), OpenVINO input channels 2j and 2j+1 within one tap; MatMul and Gemm pair rows 2j and 2j+1
// of K in both; depthwise convolutions have no pairs.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace zp {

inline constexpr int32_t kPairLimit = 128;

enum class PairSafety {
  kNone,
  kHeld,  // codes are held to what u8 x s8 sums of 16 bits can take
};

// The filters of a weight, each with its elements in pairing order: element k of filter o lies at
// offsets[o * length + k] of the weight.
struct Filters {
  int64_t count = 0;
  int64_t length = 0;
  std::vector<int64_t> offsets;
  // Positions of elements that meet in one 16-bit sum, in some runtime.
  std::vector<std::pair<int32_t, int32_t>> pairs;
};

// Of a Conv weight [cout, cin, kernel...]; a depthwise one (cin 1 with groups) has no pairs.
Filters conv_filters(std::span<const int64_t> dims, int64_t groups);
// Of a ConvTranspose weight [cin, cout, kernel...] in one group, without pairs.
Filters conv_transpose_filters(std::span<const int64_t> dims);
// Of a MatMul weight [k, n], or [n, k] where transposed (Gemm's transB).
enum class Transposed { kNo, kYes };
Filters matmul_filters(std::span<const int64_t> dims, Transposed transposed);

// Moves the codes of one filter towards zero where a pair exceeds the limit, the larger one first.
// `codes` are in pairing order.
void hold_to_pair_limit(std::span<int32_t> codes,
                        std::span<const std::pair<int32_t, int32_t>> pairs);

}  // namespace zp
