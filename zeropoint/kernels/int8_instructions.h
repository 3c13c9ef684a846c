// Which instructions this processor has for products of 8-bit integers: they decide how much faster
// an integer model is, and on x86 whether sums of two products saturate.
#pragma once

#include <string_view>

namespace zp::kernels {

enum class Int8Instructions {
  kAmx,         // x86: tiles (AMX-INT8)
  kAvx512Vnni,  // x86: four products into 32 bits at once
  kAvxVnni,     // x86: the same in 256 bits
  kAvx512,      // x86 without VNNI: sums of two u8 x s8 products saturate at 16 bits
  kAvx2,        // the same in 256 bits
  kX86,         // x86 with less
  kI8mm,        // Arm: products of 8-bit matrices
  kDotProduct,  // Arm: four products into 32 bits at once
  kArm,         // Arm with less
  kOther,       // another architecture
};

// The best of this processor that the operating system has enabled.
Int8Instructions int8_instructions();

// "AVX-512 VNNI", "AVX2 without VNNI", ...
std::string_view name(Int8Instructions instructions);

}  // namespace zp::kernels
