#include "zeropoint/numerics/codes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "zeropoint/numerics/quantize.h"
#include "zeropoint/numerics/test_params.h"

namespace zp {
namespace {

using P = QuantParams;

// Parameters of small types with every zero point, so that all can be tried.
std::vector<QuantParams> small_params(Convention convention) {
  std::vector<QuantParams> all;
  for (const IntType type : code_types()) {
    if (type.bits() > 4) break;
    for (const NarrowRange narrow : {NarrowRange::kNo, NarrowRange::kYes}) {
      const CodeRange codes = type.codes(narrow);
      for (int32_t zero_point = codes.qmin; zero_point <= codes.qmax; ++zero_point) {
        const P params{type, narrow, 0.7f, zero_point};
        if (check(params, convention)) all.push_back(params);
      }
    }
  }
  return all;
}

// Codes, ties and their neighbours from beyond one end to beyond the other, and infinities.
std::vector<float> floats_around(const QuantParams& params) {
  std::vector<float> x{-kInfinite, kInfinite, kLargestFloat, -kLargestFloat, 0.0f, -0.0f};
  const CodeRange codes = params.type.codes();
  for (int32_t half = 2 * codes.qmin - 3; half <= 2 * codes.qmax + 3; ++half) {
    const float v = static_cast<float>(half - 2 * params.zero_point) * params.scale / 2;
    x.insert(x.end(), {v, std::nextafter(v, kInfinite), std::nextafter(v, -kInfinite)});
  }
  return x;
}

TEST(ReluCode, IsTheCodeAfterRelu) {
  for (const Convention convention : kConventions) {
    for (const QuantParams& params : small_params(convention)) {
      for (const float x : floats_around(params)) {
        ASSERT_EQ(relu_code(quantize(x, params, convention), params),
                  quantize(std::fmax(x, 0.0f), params, convention))
            << x << " zero point " << params.zero_point << " " << name(convention);
      }
    }
  }
}

TEST(ReluCode, IsTheMaximumWithTheZeroPoint) {
  const P params{IntType::kInt8, {}, 1, -3};
  EXPECT_EQ(relu_code(-128, params), -3);
  EXPECT_EQ(relu_code(-3, params), -3);
  EXPECT_EQ(relu_code(-2, params), -2);
  EXPECT_EQ(relu_code(127, params), 127);
}

TEST(ImpliesRelu, ExactlyWhenReluChangesNoCode) {
  for (const Convention convention : kConventions) {
    for (const QuantParams& params : small_params(convention)) {
      bool changes = false;
      for (const float x : floats_around(params)) {
        changes |=
            quantize(std::fmax(x, 0.0f), params, convention) != quantize(x, params, convention);
      }
      ASSERT_EQ(implies_relu(params, convention), !changes)
          << params.type.name() << " zero point " << params.zero_point << " " << name(convention);
    }
  }
}

TEST(ImpliesRelu, HoldsForOneSidedParametersAlone) {
  EXPECT_TRUE(implies_relu(P{IntType::kUint8, {}, 1, 0}));
  EXPECT_TRUE(implies_relu(P{IntType::kInt8, {}, 1, -128}));
  EXPECT_TRUE(implies_relu(P{IntType::kInt8, NarrowRange::kYes, 1, -127}));
  EXPECT_FALSE(implies_relu(P{IntType::kInt8, {}, 1, -127}));
  EXPECT_FALSE(implies_relu(P{IntType::kUint8, {}, 1, 128}));
}

TEST(ClipCode, IsTheCodeAfterClip) {
  for (const Convention convention : kConventions) {
    for (const QuantParams& params : small_params(convention)) {
      const std::vector<float> all = floats_around(params);
      for (size_t i = 0; i < all.size(); i += 3) {
        for (size_t j = i % 5; j < all.size(); j += 5) {
          const float low = std::fmin(all[i], all[j]);
          const float high = std::fmax(all[i], all[j]);
          const auto bounds = clip_bounds(low, high, params, convention);
          ASSERT_TRUE(bounds) << bounds.error().message;
          bool changes = false;
          for (const float x : all) {
            const int32_t code = quantize(x, params, convention);
            const int32_t clipped = quantize(std::clamp(x, low, high), params, convention);
            ASSERT_EQ(clip_code(code, *bounds), clipped) << x << " [" << low << ", " << high << "]";
            changes |= clipped != code;
          }
          ASSERT_EQ(implies_clip(low, high, params, convention), !changes)
              << "[" << low << ", " << high << "] " << params.type.name() << " zero point "
              << params.zero_point << " " << name(convention);
        }
      }
    }
  }
}

TEST(ImpliesClip, HoldsWhereTheQuantizedRangeIsTheClips) {
  // [0, 6] in 255 steps: a Clip to [0, 6] does nothing that the quantizer does not.
  const auto relu6 = choose_params({0, 6}, IntType::kUint8);
  EXPECT_EQ(implies_clip(0, 6, *relu6), true);
  EXPECT_EQ(implies_clip(-kInfinite, kInfinite, *relu6), true);
  EXPECT_EQ(implies_clip(0, 5.9f, *relu6), false);
  EXPECT_EQ(implies_clip(0.1f, 6, *relu6), false);
  const auto wider = choose_params({0, 8}, IntType::kUint8);
  EXPECT_EQ(implies_clip(0, 6, *wider), false);
}

TEST(ClipBounds, RefuseWhatIsNoInterval) {
  const P params{IntType::kUint8, {}, 1, 0};
  EXPECT_EQ(clip_bounds(6, 0, params).error().message, "clip to [6, 0]: expected low <= high");
  EXPECT_EQ(clip_bounds(kNan, 6, params).error().message, "clip to [nan, 6]: expected low <= high");
  EXPECT_EQ(implies_clip(0, kNan, params).error().message,
            "clip to [0, nan]: expected low <= high");
  EXPECT_EQ(clip_bounds(0, 6, P{IntType::kUint8, {}, 0, 0}).error().message,
            "scale 0: expected a positive finite number");
  EXPECT_EQ(clip_bounds(0, 6, P{IntType::kUint8, {}, 1, 0}, Convention::kTensorrt).error().message,
            "convention tensorrt: expected a signed type with zero point 0, got uint8 with 0");
}

}  // namespace
}  // namespace zp
