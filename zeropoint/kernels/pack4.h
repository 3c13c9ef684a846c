// 4-bit codes two in a byte, as ONNX stores int4 and uint4: the first of a pair in the low half.
#pragma once

#include <cstdint>
#include <span>

#include "zeropoint/base/error.h"

namespace zp::kernels {

// Code is uint8_t (codes 0 .. 15) or int8_t (-8 .. 7), one a byte. packed has (n + 1) / 2 bytes;
// the high half of the last is 0 for an odd n. The spans must not overlap.
//
// Errors: a packed span of another length; in pack4, a code out of range, named by its index, in
// which case packed holds nothing of use.
template <class Code>
Status pack4(std::span<const Code> codes, std::span<uint8_t> packed);
template <class Code>
Status unpack4(std::span<const uint8_t> packed, std::span<Code> codes);

}  // namespace zp::kernels
