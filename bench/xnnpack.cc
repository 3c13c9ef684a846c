// XNNPACK's convert operators as a peer: float32 to 8-bit codes (the pytorch rule: it multiplies by
// the reciprocal) and back.
#include <xnnpack.h>

#include <memory>

#include "bench/workload.h"

namespace zp::bench {
namespace {

constexpr uint8_t kZeroPointU8 = static_cast<uint8_t>(kZeroPoint);
constexpr int8_t kZeroPointS8 = static_cast<int8_t>(kZeroPoint);

// One channel of n batch entries: contiguous data, which the library runs as one vector.
constexpr size_t kOne = 1;

Step run(xnn_status created, xnn_operator_t op, xnn_status set_up) {
  if (created != xnn_status_success || set_up != xnn_status_success) return {};
  const std::shared_ptr<xnn_operator> owned(op, xnn_delete_operator);
  return [owned] { xnn_run_operator(owned.get(), nullptr); };
}

Step quantize_u8(const Workload& work) {
  xnn_operator_t op = nullptr;
  const auto created =
      xnn_create_convert_nc_f32_qu8(kOne, kOne, kOne, kScale, kZeroPointU8, 0, 255, 0, &op);
  auto* const codes = as<uint8_t>(work.output, work.n()).data();
  return run(created, op,
             xnn_setup_convert_nc_f32_qu8(op, work.n(), work.normal.data(), codes, nullptr));
}

Step quantize_s8(const Workload& work) {
  xnn_operator_t op = nullptr;
  const auto created =
      xnn_create_convert_nc_f32_qs8(kOne, kOne, kOne, kScale, kZeroPointS8, -128, 127, 0, &op);
  auto* const codes = as<int8_t>(work.output, work.n()).data();
  return run(created, op,
             xnn_setup_convert_nc_f32_qs8(op, work.n(), work.normal.data(), codes, nullptr));
}

Step dequantize_u8(const Workload& work) {
  xnn_operator_t op = nullptr;
  const auto created =
      xnn_create_convert_nc_qu8_f32(kOne, kOne, kOne, kScale, kZeroPointU8, 0, &op);
  const auto* const codes = as<uint8_t>(work.codes, work.n()).data();
  auto* const values = as<float>(work.output, work.n()).data();
  return run(created, op, xnn_setup_convert_nc_qu8_f32(op, work.n(), codes, values, nullptr));
}

Step dequantize_s8(const Workload& work) {
  xnn_operator_t op = nullptr;
  const auto created =
      xnn_create_convert_nc_qs8_f32(kOne, kOne, kOne, kScale, kZeroPointS8, 0, &op);
  const auto* const codes = as<int8_t>(work.codes, work.n()).data();
  auto* const values = as<float>(work.output, work.n()).data();
  return run(created, op, xnn_setup_convert_nc_qs8_f32(op, work.n(), codes, values, nullptr));
}

}  // namespace

void register_cases() {
  if (xnn_initialize(nullptr) != xnn_status_success) return;
  add_case("xnnpack/quantize_u8", quantize_u8);
  add_case("xnnpack/quantize_s8", quantize_s8);
  add_case("xnnpack/dequantize_u8", dequantize_u8);
  add_case("xnnpack/dequantize_s8", dequantize_s8);
}

}  // namespace zp::bench
