// Our dequantize and fake-quantize.
#include "zeropoint/kernels/dequantize.h"

#include "bench/zeropoint_case.h"
#include "zeropoint/kernels/fake_quantize.h"

namespace zp::bench {
namespace {

template <class Code>
void add_dequantize(const std::string& operation, IntType type) {
  add_zeropoint_case(operation, [=](const Workload& work) {
    return [codes = as<Code>(work.codes, work.n()), x = as<float>(work.output, work.n()),
            params = params_of(type)] { return kernels::dequantize(codes, x, params); };
  });
}

void add_fake_quantize(const std::string& operation, IntType type, Convention convention) {
  add_zeropoint_case(operation, [=](const Workload& work) {
    return [x = work.normal, y = as<float>(work.output, work.n()), params = params_of(type),
            convention] { return kernels::fake_quantize(x, y, params, convention); };
  });
}

}  // namespace

void register_cases() {
  report_target();
  add_dequantize<uint8_t>("dequantize_u8", IntType::kUint8);
  add_dequantize<int8_t>("dequantize_s8", IntType::kInt8);
  add_dequantize<uint16_t>("dequantize_u16", IntType::kUint16);
  add_fake_quantize("fake_quantize_u8_onnx", IntType::kUint8, Convention::kOnnx);
  add_fake_quantize("fake_quantize_u8_pytorch", IntType::kUint8, Convention::kPytorch);
}

}  // namespace zp::bench
