#include "zeropoint/numerics/onnx_cast.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace zp {
namespace {

uint64_t to_integer(double value, IntType type, IntegerOverflow overflow) {
  if (std::isnan(value)) return 0;
  if (overflow == IntegerOverflow::kSaturate) {
    const CodeRange codes = type.codes();
    return static_cast<uint64_t>(
        static_cast<int64_t>(std::clamp<double>(value, codes.qmin, codes.qmax)));
  }
  if (std::isinf(value)) return 0;
  // fmod is exact, so the low bits are right however large the value is.
  return static_cast<uint64_t>(static_cast<int64_t>(std::fmod(std::trunc(value), 0x1p32)));
}

Overflow small_float_overflow(ElementType to, Overflow saturate) {
  const bool wide = to == ElementType::kFloat16 || to == ElementType::kBfloat16;
  return wide ? Overflow::kToInfinity : saturate;
}

}  // namespace

uint64_t cast_value(double value, ElementType to, const CastOptions& options) {
  if (to == ElementType::kDouble) return std::bit_cast<uint64_t>(value);
  if (to == ElementType::kFloat) return std::bit_cast<uint32_t>(static_cast<float>(value));
  if (const auto type = int_type(to)) return to_integer(value, *type, options.integer_overflow);
  const Rounding rounding =
      to == ElementType::kFloat8e8m0 ? options.round_mode : Rounding::kNearestEven;
  return encode(*small_float(to), value, small_float_overflow(to, options.saturate), rounding);
}

OnnxTensor cast(const OnnxTensor& input, ElementType to, const CastOptions& options) {
  CastOptions rules = options;
  if (is_integer(input.type())) rules.integer_overflow = IntegerOverflow::kWrap;
  OnnxTensor output(to, input.shape());
  for (int64_t i = 0; i < input.size(); ++i) {
    output.set_bits(i, cast_value(input.value(i), to, rules));
  }
  return output;
}

}  // namespace zp
