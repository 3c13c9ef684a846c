// quantize and fake_quantize on all 2^32 floats, for every convention, on every target this CPU
// has, with tolerance zero: NaNs of every payload, infinities and subnormals included. About a
// quarter of an hour on two free cores.
//
// The sweep of your choice instead of the built-in ones, one or more, separated by commas:
//
//   export ZEROPOINT_SWEEP=tflite:int8:0.05:-3,onnx:uint4:0x1p-3:8:narrow
//   build/release/bin/kernels_exhaustive_test
//
// each being CONVENTION:TYPE:SCALE:ZERO_POINT[:narrow]. (ctest knows the built-in ones by name, so
// start the program itself.)
//
// ZEROPOINT_TARGET=AVX2 (say) restricts either to one target. All available cores are used.
//
// The reference takes most of the time, so its codes are computed once and each target's kernels
// are compared with them. fake_quantize is dequantize(quantize(x)) by definition, and dequantize
// depends on the code alone, so its expected values are looked up by code.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "zeropoint/base/threads.h"
#include "zeropoint/kernels/fake_quantize.h"
#include "zeropoint/kernels/quantize.h"
#include "zeropoint/kernels/target.h"

namespace zp::kernels {
namespace {

enum class Targets { kAll, kBest };

struct Sweep {
  Convention convention;
  QuantParams params;
  Targets targets = Targets::kAll;
};

std::string describe(const Sweep& sweep) {
  return fmt::format("{}:{}:{}:{}{}", name(sweep.convention), sweep.params.type.name(),
                     sweep.params.scale, sweep.params.zero_point,
                     sweep.params.narrow == NarrowRange::kYes ? ":narrow" : "");
}

// The built-in sweeps. Among the scales are those that take each way of rounding_plan.h:
// reciprocals on both sides of 1/scale, a power of two, scales that are divided by, and for pytorch
// one whose bounds have no float32. Those on the best target alone repeat, with another type, what
// a sweep on all targets does.
std::vector<Sweep> built_in_sweeps() {
  constexpr auto kFull = NarrowRange::kNo;
  constexpr auto kNarrow = NarrowRange::kYes;
  constexpr auto kBest = Targets::kBest;
  std::vector<Sweep> sweeps;
  for (const Convention convention :
       {Convention::kOnnx, Convention::kPytorch, Convention::kTflite}) {
    sweeps.push_back({convention, {IntType::kUint8, kFull, 1000.0f / 255, 7}});
    sweeps.push_back({convention, {IntType::kInt8, kNarrow, 0.0173f, -3}, kBest});
    sweeps.push_back({convention, {IntType::kUint16, kFull, 0.0173f, 1001}, kBest});
    sweeps.push_back({convention, {IntType::kInt16, kFull, 3e-4f, -5}});
    sweeps.push_back({convention, {IntType::kInt4, kFull, 0.7f, 1}, kBest});
  }
  sweeps.push_back({Convention::kOnnx, {IntType::kInt8, kFull, 0.125f, 0}});
  sweeps.push_back({Convention::kOnnx, {IntType::kUint8, kFull, 1e-38f, 128}});
  sweeps.push_back({Convention::kPytorch, {IntType::kUint8, kFull, 3e38f, 128}});
  sweeps.push_back({Convention::kTflite, {IntType::kInt8, kFull, 3e38f, 0}, kBest});
  sweeps.push_back({Convention::kTensorflow, {IntType::kUint8, kNarrow, 2000.0f / 255, 128}});
  sweeps.push_back({Convention::kTensorflow, {IntType::kInt8, kNarrow, 0.0173f, 0}, kBest});
  sweeps.push_back({Convention::kTensorflow, {IntType::kUint16, kNarrow, 0.0173f, 32768}});
  sweeps.push_back({Convention::kTensorflow, {IntType::kInt16, kNarrow, 3e-4f, 0}, kBest});
  sweeps.push_back({Convention::kTensorflow, {IntType::kInt4, kNarrow, 0.7f, 0}, kBest});
  sweeps.push_back({Convention::kTensorrt, {IntType::kInt8, kFull, 0.0173f, 0}});
  sweeps.push_back({Convention::kTensorrt, {IntType::kInt8, kNarrow, 1000.0f / 127, 0}, kBest});
  sweeps.push_back({Convention::kTensorrt, {IntType::kInt16, kFull, 3e-4f, 0}});
  sweeps.push_back({Convention::kTensorrt, {IntType::kInt4, kFull, 0.7f, 0}, kBest});
  return sweeps;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

Result<Sweep> parse_sweep(const std::string& text) {
  const auto parts = split(text, ':');
  const bool narrow = parts.size() == 5 && parts[4] == "narrow";
  if (parts.size() != 4 && !narrow) {
    return invalid_argument("expected CONVENTION:TYPE:SCALE:ZERO_POINT[:narrow]");
  }
  ZP_ASSIGN_OR_RETURN(const Convention convention, parse_convention(parts[0]));
  ZP_ASSIGN_OR_RETURN(const IntType type, IntType::parse(parts[1]));
  char* scale_end = nullptr;
  char* zero_point_end = nullptr;
  const float scale = std::strtof(parts[2].c_str(), &scale_end);
  const long zero_point = std::strtol(parts[3].c_str(), &zero_point_end, 10);
  if (parts[2].empty() || *scale_end != '\0' || parts[3].empty() || *zero_point_end != '\0' ||
      zero_point != static_cast<int32_t>(zero_point)) {
    return invalid_argument("expected a number as scale and a whole number as zero point");
  }
  const Sweep sweep{convention,
                    {type, narrow ? NarrowRange::kYes : NarrowRange::kNo, scale,
                     static_cast<int32_t>(zero_point)}};
  ZP_RETURN_IF_ERROR(check(sweep.params, convention));
  if (type.bits() > 16) return invalid_argument("expected a type of at most 16 bits");
  return sweep;
}

// One test each: a sweep, or what is wrong with the one that was asked for.
std::vector<Result<Sweep>> sweeps_to_run() {
  std::vector<Result<Sweep>> sweeps;
  if (const char* asked = std::getenv("ZEROPOINT_SWEEP")) {
    for (const std::string& text : split(asked, ',')) {
      auto sweep = parse_sweep(text);
      if (!sweep) {
        sweep = tl::unexpected<Error>(
            std::move(sweep).error().at(fmt::format("ZEROPOINT_SWEEP \"{}\"", text)));
      }
      sweeps.push_back(std::move(sweep));
    }
    return sweeps;
  }
  for (const Sweep& sweep : built_in_sweeps()) sweeps.emplace_back(sweep);
  return sweeps;
}

std::vector<std::string> targets_to_run(Targets targets) {
  const char* wanted = std::getenv(kTargetVariable);
  if (wanted != nullptr && *wanted != '\0') return {wanted};
  std::vector<std::string> all = available_targets();
  if (targets == Targets::kBest) all.resize(1);
  return all;
}

constexpr size_t kChunk = size_t{1} << 20;
// Chunks between changes of the target, during which no kernel may run.
constexpr size_t kChunksInBatch = 32;
constexpr size_t kBatches = (size_t{1} << 32) / kChunk / kChunksInBatch;

// The floats whose bits are first, first + 1, ...
void fill(std::span<float> x, uint32_t first) {
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = std::bit_cast<float>(first + static_cast<uint32_t>(i));
  }
}

template <class Code>
class Sweeper {
 public:
  explicit Sweeper(const Sweep& sweep) : sweep_(sweep), codes_(kChunk * kChunksInBatch) {
    const CodeRange codes = sweep.params.type.codes();
    values_.resize(size_t{1} << (8 * sizeof(Code)));
    for (int32_t code = codes.qmin; code <= codes.qmax; ++code) {
      values_[index(static_cast<Code>(code))] = dequantize(code, sweep.params);
    }
  }

  Status run(const std::vector<std::string>& targets) {
    for (size_t batch = 0; batch < kBatches; ++batch) {
      ZP_RETURN_IF_ERROR(for_each_chunk(batch, [&](uint32_t first, std::span<Code> codes) {
        return compute_reference(first, codes);
      }));
      for (const std::string& target : targets) {
        ZP_RETURN_IF_ERROR(force_target(target));
        if (active_target() != target) return invalid_argument(target + " does not run");
        ZP_RETURN_IF_ERROR(for_each_chunk(batch, [&](uint32_t first, std::span<Code> codes) {
          return compare(first, codes, target);
        }));
      }
    }
    return force_target("");
  }

 private:
  static size_t index(Code code) { return static_cast<std::make_unsigned_t<Code>>(code); }

  template <class Body>
  Status for_each_chunk(size_t batch, Body body) {
    return parallel_for(kChunksInBatch, {}, [&](int64_t i) {
      const auto chunk = static_cast<size_t>(i);
      const auto first = static_cast<uint32_t>((batch * kChunksInBatch + chunk) * kChunk);
      return body(first, std::span(codes_).subspan(chunk * kChunk, kChunk));
    });
  }

  Status compute_reference(uint32_t first, std::span<Code> codes) const {
    static thread_local std::vector<float> x(kChunk);
    static thread_local std::vector<int32_t> wide(kChunk);
    fill(x, first);
    ZP_RETURN_IF_ERROR(zp::quantize(x, wide, sweep_.params, sweep_.convention));
    std::ranges::transform(wide, codes.begin(),
                           [](int32_t code) { return static_cast<Code>(code); });
    return {};
  }

  Status compare(uint32_t first, std::span<const Code> expected, const std::string& target) const {
    static thread_local std::vector<float> x(kChunk);
    static thread_local std::vector<float> y(kChunk);
    static thread_local std::vector<Code> codes(kChunk);
    fill(x, first);
    ZP_RETURN_IF_ERROR(kernels::quantize(x, std::span(codes), sweep_.params, sweep_.convention));
    ZP_RETURN_IF_ERROR(kernels::fake_quantize(x, y, sweep_.params, sweep_.convention));
    const bool same_codes = std::memcmp(codes.data(), expected.data(), kChunk * sizeof(Code)) == 0;
    uint32_t difference = 0;
    for (size_t i = 0; i < kChunk; ++i) {
      difference |=
          std::bit_cast<uint32_t>(y[i]) ^ std::bit_cast<uint32_t>(values_[index(expected[i])]);
    }
    if (same_codes && difference == 0) return {};
    for (size_t i = 0; i < kChunk; ++i) {
      const float value = values_[index(expected[i])];
      if (codes[i] != expected[i] ||
          std::bit_cast<uint32_t>(y[i]) != std::bit_cast<uint32_t>(value)) {
        return invalid_data(fmt::format(
            "{}: {} (bits {:#010x}) has code {} and value {}, expected code {} and value {}",
            target, x[i], first + static_cast<uint32_t>(i), codes[i], y[i], expected[i], value));
      }
    }
    return {};
  }

  Sweep sweep_;
  std::vector<Code> codes_;    // the reference's, of the batch
  std::vector<float> values_;  // dequantize of each code, by its bits
};

Status run_sweep(const Sweep& sweep, const std::vector<std::string>& targets) {
  const IntType type = sweep.params.type;
  if (type.bits() <= 8) {
    return type.is_signed() ? Sweeper<int8_t>(sweep).run(targets)
                            : Sweeper<uint8_t>(sweep).run(targets);
  }
  return type.is_signed() ? Sweeper<int16_t>(sweep).run(targets)
                          : Sweeper<uint16_t>(sweep).run(targets);
}

class AllFloats : public testing::TestWithParam<Result<Sweep>> {};
INSTANTIATE_TEST_SUITE_P(, AllFloats, testing::ValuesIn(sweeps_to_run()), [](const auto& info) {
  if (!info.param) return fmt::format("refused_{}", info.index);
  return fmt::format("{}_{}_{}", name(info.param->convention), info.param->params.type.name(),
                     info.index);
});

TEST_P(AllFloats, EqualTheReferenceOnEveryTarget) {
  const auto& sweep = GetParam();
  ASSERT_TRUE(sweep) << sweep.error().message;
  ASSERT_FALSE(available_targets().empty());
  const auto targets = targets_to_run(sweep->targets);
  const Status status = run_sweep(*sweep, targets);
  EXPECT_TRUE(status) << describe(*sweep) << ": " << status.error().message;
  RecordProperty("sweep", describe(*sweep));
  RecordProperty("targets", fmt::format("{}", fmt::join(targets, ",")));
}

}  // namespace
}  // namespace zp::kernels
