#include "zeropoint/kernels/int8_instructions.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include <cstdint>

namespace zp::kernels {
namespace {

#if defined(__x86_64__) || defined(__i386__)

// Intel's Software Developer's Manual, volume 2, CPUID leaf 7, and volume 1, 13.3 (XCR0).
struct Leaf {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

Leaf leaf(uint32_t number, uint32_t sub) {
  Leaf result;
  // Zeros where the processor does not have the leaf.
  __get_cpuid_count(number, sub, &result.eax, &result.ebx, &result.ecx, &result.edx);
  return result;
}

bool bit(uint32_t word, int number) { return ((word >> number) & 1) != 0; }

// Which registers the operating system saves; 0 where it says nothing.
uint64_t saved_registers() {
  constexpr int kOsxsave = 27;
  if (!bit(leaf(1, 0).ecx, kOsxsave)) return 0;
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}

Int8Instructions find() {
  constexpr uint64_t kAvx = 0x6;        // SSE and AVX
  constexpr uint64_t kAvx512 = 0xe6;    // and masks and 512 bits
  constexpr uint64_t kTiles = 0x60000;  // tile configuration and data
  const uint64_t saved = saved_registers();
  const Leaf features = leaf(7, 0);
  const bool avx2 = (saved & kAvx) == kAvx && bit(features.ebx, 5);
  const bool avx512bw = avx2 && (saved & kAvx512) == kAvx512 && bit(features.ebx, 30);
  if (avx512bw && (saved & kTiles) == kTiles && bit(features.edx, 25)) {
    return Int8Instructions::kAmx;
  }
  if (avx512bw && bit(features.ecx, 11)) return Int8Instructions::kAvx512Vnni;
  if (avx2 && features.eax >= 1 && bit(leaf(7, 1).eax, 4)) return Int8Instructions::kAvxVnni;
  if (avx512bw) return Int8Instructions::kAvx512;
  return avx2 ? Int8Instructions::kAvx2 : Int8Instructions::kX86;
}

#elif defined(__aarch64__) && defined(__linux__)

Int8Instructions find() {
  if ((getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0) return Int8Instructions::kI8mm;
  const bool dot_product = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
  return dot_product ? Int8Instructions::kDotProduct : Int8Instructions::kArm;
}

#else

Int8Instructions find() { return Int8Instructions::kOther; }

#endif

}  // namespace

Int8Instructions int8_instructions() {
  static const Int8Instructions found = find();
  return found;
}

std::string_view name(Int8Instructions instructions) {
  switch (instructions) {
    case Int8Instructions::kAmx:
      return "AMX-INT8";
    case Int8Instructions::kAvx512Vnni:
      return "AVX-512 VNNI";
    case Int8Instructions::kAvxVnni:
      return "AVX-VNNI";
    case Int8Instructions::kAvx512:
      return "AVX-512 without VNNI";
    case Int8Instructions::kAvx2:
      return "AVX2 without VNNI";
    case Int8Instructions::kX86:
      return "x86 without AVX2";
    case Int8Instructions::kI8mm:
      return "Arm I8MM";
    case Int8Instructions::kDotProduct:
      return "Arm dot product";
    case Int8Instructions::kArm:
      return "Arm without dot product";
    case Int8Instructions::kOther:
      return "unknown";
  }
  return "unknown";
}

}  // namespace zp::kernels
