// What holds for values quantized by chosen parameters of every type, scheme and convention.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "zeropoint/numerics/params.h"
#include "zeropoint/numerics/quantize.h"
#include "zeropoint/numerics/test_params.h"

namespace zp {
namespace {

class ChosenParams : public testing::Test {
 protected:
  // Calls body(range, params, options) for random ranges and the widest and flattest ones.
  template <class Body>
  void for_each_choice(int ranges, Body body) {
    for (const IntType type : code_types()) {
      for (const ParamOptions& options : options_for(type)) {
        std::vector<Range> all{{0, 0}, {-1e-41, 1e-42}, {-1e33, 1e33}};
        for (int i = 0; i < ranges; ++i) all.push_back(random_range(random_));
        for (Range range : all) {
          if (options.scheme == Scheme::kOneSided) range = {0, range.magnitude()};
          const auto params = choose_params(range, type, options);
          ASSERT_TRUE(params) << params.error().message;
          SCOPED_TRACE(describe(range, type, options));
          ASSERT_NO_FATAL_FAILURE(body(range, *params, options));
        }
      }
    }
  }
  std::mt19937 random_{5};
};

TEST_F(ChosenParams, HaveAMeaningAndZeroIsExactlyACode) {
  for_each_choice(20, [](Range, const QuantParams& params, const ParamOptions& options) {
    ASSERT_TRUE(check(params, options.convention));
    ASSERT_TRUE(std::isnormal(params.scale));
    for (const float zero : {0.0f, -0.0f}) {
      ASSERT_EQ(quantize(zero, params, options.convention), params.zero_point);
      ASSERT_EQ(fake_quantize(zero, params, options.convention), 0.0f);
    }
  });
}

TEST_F(ChosenParams, KeepEveryValueOfTheRangeWithinHalfAStep) {
  for_each_choice(8, [&](Range range, const QuantParams& params, const ParamOptions& options) {
    // Codes count up to 2^bits steps of a scale that was rounded, by at most 2^-24 of itself
    // (pytorch: computed in float32 with three roundings).
    const double slack = 4 * std::exp2(params.type.bits() - 24);
    for (const float x : floats_in(range, random_, 25)) {
      const float y = fake_quantize(x, params, options.convention);
      ASSERT_LE(std::abs(double{x} - double{y}), double{params.scale} * (0.5 + slack)) << x;
    }
  });
}

TEST_F(ChosenParams, AreMonotonic) {
  for_each_choice(4, [&](Range range, const QuantParams& params, const ParamOptions& options) {
    std::vector<float> x = floats_in(range, random_, 25);
    for (const float outside : {kInfinite, kLargestFloat, 2 * x.back() - x.front()}) {
      x.insert(x.end(), {outside, -outside});
    }
    std::sort(x.begin(), x.end());
    int32_t last = code_range(params, options.convention).qmin;
    for (const float value : x) {
      const int32_t code = quantize(value, params, options.convention);
      ASSERT_GE(code, last) << value;
      last = code;
    }
    ASSERT_LE(last, code_range(params, options.convention).qmax);
  });
}

TEST_F(ChosenParams, GiveEveryCodeBackFromItsValue) {
  for_each_choice(2, [&](Range, const QuantParams& params, const ParamOptions& options) {
    const CodeRange codes = code_range(params, options.convention);
    const auto step = std::max<int32_t>(1, static_cast<int32_t>(codes.steps() / 50));
    for (int32_t code = codes.qmin; code <= codes.qmax; code += step) {
      const float x = dequantize(code, params);
      ASSERT_EQ(quantize(x, params, options.convention), code) << x;
      ASSERT_EQ(fake_quantize(x, params, options.convention), x);
    }
  });
}

}  // namespace
}  // namespace zp
