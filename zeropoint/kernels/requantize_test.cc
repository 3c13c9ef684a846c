#include "zeropoint/kernels/requantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "zeropoint/kernels/test_targets.h"

namespace zp::kernels {
namespace {

class Requantize : public OnEachTarget {};
INSTANTIATE_ON_EACH_TARGET(Requantize);

// Every power of two and its neighbours, the ends, and random accumulators of every size.
std::vector<int32_t> accumulators() {
  std::vector<int32_t> all{0, INT32_MIN, INT32_MIN + 1, INT32_MAX, INT32_MAX - 1};
  std::mt19937 random(4);
  for (int bit = 0; bit < 31; ++bit) {
    for (int sign : {1, -1}) {
      for (int offset : {-1, 0, 1}) all.push_back(sign * (1 << bit) + offset);
      for (int i = 0; i < 300; ++i) {
        all.push_back(static_cast<int32_t>(static_cast<uint32_t>(random())) >> bit);
      }
    }
  }
  for (int32_t i = -70'000; i < 70'000; ++i) all.push_back(i);
  return all;
}

// Ordinary multipliers, ties (powers of two), the largest and smallest shifts.
const double kMultipliers[] = {0.00037, 0.5,     0.25,     1.0,    3.0,       0.999999999, 1e-9,
                               0x1p-31, 0x1p-33, 0x1p29,   1e6,    0.0117,    1.0 / 3,     127.5,
                               0x1p-8,  0x1p-7,  0.015625, 0x3p-9, 0x1.8p-10, 0.9999999999};

template <class Code>
void expect_equals_reference(const QuantParams& output) {
  const auto x = accumulators();
  for (const RequantizeRule rule : kRequantizeRules) {
    for (const double multiplier : kMultipliers) {
      const auto requantizer = make_requantizer(multiplier, output, rule);
      ASSERT_TRUE(requantizer) << requantizer.error().message;
      std::vector<Code> codes(x.size());
      ASSERT_TRUE(requantize(x, std::span(codes), *requantizer));
      for (size_t i = 0; i < x.size(); ++i) {
        ASSERT_EQ(codes[i], zp::requantize(x[i], *requantizer))
            << x[i] << " * " << multiplier << ", " << name(rule);
      }
    }
  }
}

TEST_P(Requantize, EqualsTheReferenceUnderEveryRule) {
  expect_equals_reference<int8_t>({IntType::kInt8, NarrowRange::kNo, 1, -3});
  expect_equals_reference<uint8_t>({IntType::kUint8, NarrowRange::kYes, 1, 128});
  expect_equals_reference<int16_t>({IntType::kInt16, NarrowRange::kNo, 1, 0});
  expect_equals_reference<uint16_t>({IntType::kUint16, NarrowRange::kNo, 1, 65535});
}

TEST_P(Requantize, TakesAMultiplierAChannelInEitherOrderOfAxes) {
  const std::vector<int64_t> shape{6, 37};
  const auto all = accumulators();
  const auto x = std::span(all).subspan(1000, 6 * 37);
  for (const RequantizeRule rule : kRequantizeRules) {
    for (const int64_t axis : {0, 1}) {
      const Layout layout = *Layout::per_axis(shape, axis);
      std::vector<Requantizer> requantizers;
      for (int64_t i = 0; i < layout.params_count(); ++i) {
        const QuantParams output{IntType::kInt8, NarrowRange::kNo, 1, static_cast<int32_t>(i) - 10};
        requantizers.push_back(
            *make_requantizer(1e-5 * std::pow(1.7, static_cast<double>(i)), output, rule));
      }
      std::vector<int8_t> codes(x.size());
      ASSERT_TRUE(requantize(x, std::span(codes), layout, requantizers));
      for (size_t i = 0; i < x.size(); ++i) {
        const size_t channel = axis == 0 ? i / 37 : i % 37;
        ASSERT_EQ(codes[i], zp::requantize(x[i], requantizers[channel])) << name(rule);
      }
    }
  }
}

TEST(RequantizeErrors, SayWhatDoesNotFit) {
  const std::vector<int32_t> x(6);
  std::vector<int8_t> codes(6);
  const auto wide =
      make_requantizer(0.5, {IntType::kInt16, NarrowRange::kNo, 1, 0}, RequantizeRule::kFloat);
  EXPECT_EQ(requantize(x, std::span(codes), *wide).error().message,
            "requantize: codes in [-32768, 32767] do not fit elements of 1 bytes");
  const Layout layout = *Layout::per_axis(std::vector<int64_t>{2, 3}, 1);
  EXPECT_EQ(requantize(x, std::span(codes), layout, std::span(&*wide, 1)).error().message,
            "requantize: expected 3 requantizers, got 1");
}

}  // namespace
}  // namespace zp::kernels
