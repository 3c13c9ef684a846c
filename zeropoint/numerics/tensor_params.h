// The quantization parameters of a whole tensor: one type, and a scale and zero point for each
// slice of its layout.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/numerics/layout.h"
#include "zeropoint/numerics/params.h"
#include "zeropoint/numerics/quantize.h"

namespace zp {

// scales and zero_points have layout.params_count() elements each.
struct TensorParams {
  Layout layout;
  IntType type = IntType::kUint8;
  NarrowRange narrow = NarrowRange::kNo;
  std::vector<float> scales;
  std::vector<int32_t> zero_points;

  QuantParams at(int64_t index) const {
    const auto i = static_cast<size_t>(index);
    return {type, narrow, scales[i], zero_points[i]};
  }
};

// Whether the layout is possible, counts agree and every pair passes check(QuantParams,
// convention); an error names the slice.
Status check(const TensorParams& params, Convention convention = Convention::kOnnx);

// The reference over a tensor, in the order of its elements: see quantize.h. Also an error: spans
// whose length is not layout.element_count().
Status quantize(std::span<const float> x, std::span<int32_t> codes, const TensorParams& params,
                Convention convention = Convention::kOnnx);
Status dequantize(std::span<const int32_t> codes, std::span<float> x, const TensorParams& params);
Status fake_quantize(std::span<const float> x, std::span<float> y, const TensorParams& params,
                     Convention convention = Convention::kOnnx);

// choose_params for each slice of the layout, whose ranges are given in the order of its
// parameters. An error names the slice.
Result<TensorParams> choose_tensor_params(const Layout& layout, std::span<const Range> ranges,
                                          IntType type, const ParamOptions& options = {});

}  // namespace zp
