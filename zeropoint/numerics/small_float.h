// Floating-point formats of 4 to 16 bits, each described by a few numbers, and their exact
// conversion to and from the wider floats. One rounding routine serves them all.
//
//   format          bits  bias  infinities  NaN codes              largest finite
//   float16         16    15    yes         exponent all ones      65504
//   bfloat16        16    127   yes         exponent all ones      3.3895e38
//   float8e4m3fn    8     7     no          S.1111.111             448
//   float8e4m3fnuz  8     8     no          1.0000.000 (no -0)     240
//   float8e5m2      8     15    yes         exponent all ones      57344
//   float8e5m2fnuz  8     16    no          1.00000.00 (no -0)     57344
//   float4e2m1      4     1     no          none                   6
//   float8e8m0      8     127   no          0xFF                   2^127; unsigned, no zero
//
// Sources: IEEE 754; the pages "Float stored in 8 bits" and "Float stored in 4 bits" of ONNX and
// its Cast operator; the OCP Microscaling Formats specification 1.0 for float8e8m0.
#pragma once

#include <cstdint>
#include <optional>

#include "zeropoint/numerics/element_type.h"

namespace zp {

enum class NanCodes {
  kNone,
  kIeee,          // exponent all ones and a mantissa that is not 0; mantissa 0 is infinity
  kAllOnes,       // every bit below the sign set
  kNegativeZero,  // the sign bit alone: the format has no negative zero
};

struct SmallFloat {
  int exponent_bits;
  int mantissa_bits;
  int bias;
  NanCodes nan;
  // A format without a sign (float8e8m0) has no mantissa, no zero and no subnormals either.
  Signedness signedness = Signedness::kSigned;

  constexpr bool is_signed() const { return signedness == Signedness::kSigned; }
  constexpr bool has_infinity() const { return nan == NanCodes::kIeee; }
  constexpr int bits() const { return exponent_bits + mantissa_bits + (is_signed() ? 1 : 0); }
  constexpr uint32_t sign_bit() const {
    return is_signed() ? uint32_t{1} << (exponent_bits + mantissa_bits) : 0;
  }
  // The code of +infinity, where there is one.
  constexpr uint32_t infinity_code() const {
    return ((uint32_t{1} << exponent_bits) - 1) << mantissa_bits;
  }
  // The code of the largest finite value. Positive codes are ordered as their values are.
  constexpr uint32_t max_code() const {
    const uint32_t all_ones = (uint32_t{1} << (exponent_bits + mantissa_bits)) - 1;
    if (nan == NanCodes::kIeee) return infinity_code() - 1;
    return nan == NanCodes::kAllOnes ? all_ones - 1 : all_ones;
  }
  friend constexpr bool operator==(const SmallFloat&, const SmallFloat&) = default;
};

inline constexpr SmallFloat kFloat16{5, 10, 15, NanCodes::kIeee};
inline constexpr SmallFloat kBfloat16{8, 7, 127, NanCodes::kIeee};
inline constexpr SmallFloat kFloat8e4m3fn{4, 3, 7, NanCodes::kAllOnes};
inline constexpr SmallFloat kFloat8e4m3fnuz{4, 3, 8, NanCodes::kNegativeZero};
inline constexpr SmallFloat kFloat8e5m2{5, 2, 15, NanCodes::kIeee};
inline constexpr SmallFloat kFloat8e5m2fnuz{5, 2, 16, NanCodes::kNegativeZero};
inline constexpr SmallFloat kFloat4e2m1{2, 1, 1, NanCodes::kNone};
inline constexpr SmallFloat kFloat8e8m0{8, 0, 127, NanCodes::kAllOnes, Signedness::kUnsigned};

// The format of an element type; nothing for integers, float and double.
std::optional<SmallFloat> small_float(ElementType type);

// What becomes of values beyond the largest finite one (ONNX's attribute `saturate`).
enum class Overflow {
  kSaturate,    // the largest finite value of that sign, for infinities too
  kToInfinity,  // infinity; NaN in a format without infinity; saturated in one without either
};

// The direction of rounding, of the magnitude (ONNX's attribute `round_mode`, float8e8m0 only).
enum class Rounding {
  kNearestEven,  // ties to the even code
  kNearestUp,    // ties away from zero
  kUp,           // away from zero
  kDown,         // towards zero
};

// The value of a code, exactly: every format here is a subset of float32. Bits of `code` above
// format.bits() are ignored.
float decode(const SmallFloat& format, uint32_t code);

// The code nearest to `value`, by ONNX's tables for Cast:
//
//   overflow is judged after rounding: 464 is 448 in float8e4m3fn, the next float above is over
//   NaN keeps its sign where the format has two; float4e2m1, without NaN, gets -0, which is what
//     ONNX's node tests ask for (its page "Float stored in 4 bits" says 6)
//   -0, and what rounds to it, is +0 in the formats whose -0 code is NaN
//   float8e8m0: a value outside [2^-127, 2^127], thus also zero and any negative one, becomes the
//     nearer end with kSaturate and NaN with kToInfinity; judged before rounding
//
// float16, bfloat16 and the fp8 forms from float32 or from integers: convert to double first,
// which is exact, so that the value is rounded once.
uint32_t encode(const SmallFloat& format, double value, Overflow overflow,
                Rounding rounding = Rounding::kNearestEven);

// value rounded to the format and back: the nearest float16, say, as a float.
float round_to(const SmallFloat& format, double value);

}  // namespace zp
