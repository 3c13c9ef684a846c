// Our kernels from integers to integers: requantize, pack4 and unpack4.
#include <algorithm>

#include "bench/zeropoint_case.h"
#include "zeropoint/kernels/pack4.h"
#include "zeropoint/kernels/requantize.h"

namespace zp::bench {
namespace {

void add_requantize(const std::string& operation, RequantizeRule rule) {
  add_zeropoint_case(operation, [=](const Workload& work) {
    const auto requantizer = make_requantizer(kScale, params_of(IntType::kUint8), rule);
    return [accumulators = as<int32_t>(work.codes, work.n()),
            codes = as<uint8_t>(work.output, work.n()), requantizer]() -> Status {
      ZP_RETURN_IF_ERROR(requantizer);
      return kernels::requantize(accumulators, codes, *requantizer);
    };
  });
}

std::span<const uint8_t> nibbles(const Workload& work) {
  const std::span<std::byte> out = allocate(work.codes.size());
  std::transform(work.codes.begin(), work.codes.end(), out.begin(),
                 [](std::byte code) { return code & std::byte{15}; });
  return as<uint8_t>(std::span<const std::byte>(out), out.size());
}

}  // namespace

void register_cases() {
  report_target();
  add_requantize("requantize_u8_float", RequantizeRule::kFloat);
  add_requantize("requantize_u8_tflite", RequantizeRule::kTfliteDouble);
  // 4n codes, so that the wider side has 4n bytes as everywhere else.
  add_zeropoint_case(
      "pack_u4",
      [](const Workload& work) {
        const std::span<const uint8_t> codes = nibbles(work);
        return [codes, packed = as<uint8_t>(work.output, 2 * work.n())] {
          return kernels::pack4(codes, packed);
        };
      },
      4);
  add_zeropoint_case(
      "unpack_u4",
      [](const Workload& work) {
        return [packed = as<uint8_t>(work.codes, 2 * work.n()),
                codes = as<uint8_t>(work.output, 4 * work.n())] {
          return kernels::unpack4(packed, codes);
        };
      },
      4);
}

}  // namespace zp::bench
