// What every benchmark program shares: the two sizes, the data, the parameters, and how a case is
// registered. A program defines register_cases(); main.cc does the rest.
//
// A case is called "<implementation>/<operation>/<size>", e.g. "xnnpack/quantize_u8_pytorch/L2",
// with size one of
//   L2      input and output together fill half of the core's second-level cache
//   memory  at least four times the last-level cache, so that every byte comes from memory
// and carries a counter "elements", the elements handled an iteration. bench/compare chooses the
// sizes and hands them over in ZP_BENCH_L2_ELEMENTS and ZP_BENCH_MEMORY_ELEMENTS.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace zp::bench {

// The parameters of every quantize and dequantize here: about +-4.7 standard deviations of the
// data.
inline constexpr float kScale = 0.037f;
inline constexpr int32_t kZeroPoint = 3;

// Buffers that the cases of one size share, aligned to and advised for huge pages; written once,
// so that no case pays for page faults.
struct Workload {
  std::span<const float> normal;     // n values of a standard normal distribution
  std::span<const std::byte> codes;  // 4n random bytes
  std::span<std::byte> output;       // 4n bytes
  size_t n() const { return normal.size(); }
};

// The first `count` elements of `bytes` as T.
template <typename T>
std::span<const T> as(std::span<const std::byte> bytes, size_t count) {
  return {reinterpret_cast<const T*>(bytes.data()), count};
}
template <typename T>
std::span<T> as(std::span<std::byte> bytes, size_t count) {
  return {reinterpret_cast<T*>(bytes.data()), count};
}

// A zeroed buffer like those of Workload, for a case that needs other data. It lives until the
// program ends.
std::span<std::byte> allocate(size_t bytes);
// Such a buffer with `change` applied to each of `values`.
std::span<const float> changed(std::span<const float> values, float (*change)(float));

// One iteration's work; made once a case, so what it captures is the case's setup.
using Step = std::function<void()>;
// Prepares a case. An empty step skips the case: the peer cannot do it.
using MakeStep = std::function<Step(const Workload&)>;

// Registers "<name>/L2" and "<name>/memory". An iteration handles elements_per_n * n elements.
void add_case(const std::string& name, MakeStep make, size_t elements_per_n = 1);

// Defined by each program.
void register_cases();

}  // namespace zp::bench
