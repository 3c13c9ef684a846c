// Our quantize, under the conventions that round differently and for each size of code.
#include "zeropoint/kernels/quantize.h"

#include "bench/zeropoint_case.h"

namespace zp::bench {
namespace {

template <class Code>
void add(const std::string& operation, IntType type, Convention convention) {
  add_zeropoint_case(operation, [=](const Workload& work) {
    return [x = work.normal, codes = as<Code>(work.output, work.n()), params = params_of(type),
            convention] { return kernels::quantize(x, codes, params, convention); };
  });
}

}  // namespace

void register_cases() {
  report_target();
  add<uint8_t>("quantize_u8_onnx", IntType::kUint8, Convention::kOnnx);
  add<int8_t>("quantize_s8_onnx", IntType::kInt8, Convention::kOnnx);
  add<uint8_t>("quantize_u8_pytorch", IntType::kUint8, Convention::kPytorch);
  add<int8_t>("quantize_s8_pytorch", IntType::kInt8, Convention::kPytorch);
  add<uint8_t>("quantize_u8_tflite", IntType::kUint8, Convention::kTflite);
  add<uint16_t>("quantize_u16_onnx", IntType::kUint16, Convention::kOnnx);
}

}  // namespace zp::bench
