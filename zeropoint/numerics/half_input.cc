#include "zeropoint/numerics/half_input.h"

#include <algorithm>
#include <vector>

#include "zeropoint/numerics/quantize.h"
#include "zeropoint/numerics/small_float.h"

namespace zp {
namespace {

template <class Half, class Params>
Status quantize_widened(std::span<const Half> x, std::span<int32_t> codes, const Params& params,
                        Convention convention) {
  std::vector<float> wide(x.size());
  std::ranges::transform(x, wide.begin(), [](Half value) { return to_float(value); });
  return quantize(std::span<const float>(wide), codes, params, convention);
}

}  // namespace

float to_float(Float16 x) { return decode(kFloat16, x.bits); }
float to_float(Bfloat16 x) { return decode(kBfloat16, x.bits); }

Status quantize(std::span<const Float16> x, std::span<int32_t> codes, const QuantParams& params,
                Convention convention) {
  return quantize_widened(x, codes, params, convention);
}
Status quantize(std::span<const Bfloat16> x, std::span<int32_t> codes, const QuantParams& params,
                Convention convention) {
  return quantize_widened(x, codes, params, convention);
}
Status quantize(std::span<const Float16> x, std::span<int32_t> codes, const TensorParams& params,
                Convention convention) {
  return quantize_widened(x, codes, params, convention);
}
Status quantize(std::span<const Bfloat16> x, std::span<int32_t> codes, const TensorParams& params,
                Convention convention) {
  return quantize_widened(x, codes, params, convention);
}

}  // namespace zp
