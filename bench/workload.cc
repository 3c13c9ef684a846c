#include "bench/workload.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <random>
#include <vector>

namespace zp::bench {

namespace {
constexpr size_t kHugePage = size_t{2} << 20;
}

std::span<std::byte> allocate(size_t bytes) {
  const size_t size = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  void* const memory = std::aligned_alloc(kHugePage, size);
  if (memory == nullptr) throw std::bad_alloc();
  madvise(memory, size, MADV_HUGEPAGE);
  std::memset(memory, 0, size);
  return {static_cast<std::byte*>(memory), bytes};
}

namespace {

// The data repeats after this many values; making 2^26 distinct ones would take most of the run.
constexpr size_t kPeriod = size_t{1} << 16;

size_t elements_from(const char* variable, size_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

template <typename T>
std::span<const T> repeat(const std::vector<T>& period, size_t count) {
  const std::span<T> out = as<T>(allocate(count * sizeof(T)), count);
  for (size_t i = 0; i < count; i += period.size()) {
    std::copy_n(period.begin(), std::min(period.size(), count - i),
                out.begin() + static_cast<ptrdiff_t>(i));
  }
  return out;
}

Workload make_workload(size_t n) {
  std::mt19937 random(20240229);
  std::normal_distribution<float> normal;
  std::vector<float> values(kPeriod);
  std::generate(values.begin(), values.end(), [&] { return normal(random); });
  std::vector<std::byte> bytes(kPeriod);
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::byte>(random() & 255); });
  return {repeat(values, n), repeat(bytes, 4 * n), allocate(4 * n)};
}

const Workload& l2_workload() {
  static const Workload workload = make_workload(elements_from("ZP_BENCH_L2_ELEMENTS", 1 << 16));
  return workload;
}

const Workload& memory_workload() {
  static const Workload workload =
      make_workload(elements_from("ZP_BENCH_MEMORY_ELEMENTS", 1 << 26));
  return workload;
}

void add_sized_case(const std::string& name, const Workload& (*workload)(), const MakeStep& make,
                    size_t elements_per_n) {
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    const Step step = make(workload());
    if (!step) {
      state.SkipWithError("not supported");
      return;
    }
    step();
    for (auto _ : state) {
      step();
      benchmark::ClobberMemory();
    }
    state.counters["elements"] = static_cast<double>(elements_per_n * workload().n());
  });
}

}  // namespace

std::span<const float> changed(std::span<const float> values, float (*change)(float)) {
  const std::span<float> out = as<float>(allocate(values.size_bytes()), values.size());
  std::transform(values.begin(), values.end(), out.begin(), change);
  return out;
}

void add_case(const std::string& name, MakeStep make, size_t elements_per_n) {
  add_sized_case(name + "/L2", l2_workload, make, elements_per_n);
  add_sized_case(name + "/memory", memory_workload, make, elements_per_n);
}

}  // namespace zp::bench
