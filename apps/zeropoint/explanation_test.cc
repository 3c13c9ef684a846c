#include "apps/zeropoint/explanation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "apps/zeropoint/explanation_json.h"
#include "apps/zeropoint/explanation_text.h"
#include "apps/zeropoint/test_requests.h"
#include "zeropoint/numerics/quantize.h"

namespace zp::app {
namespace {

// derivation.h states the conventions' formulas a second time, to show them; what they lead to
// must be what choose_params gives.
TEST(Explanation, TheDerivationEndsAtTheParameters) {
  int explained = 0;
  for (const ExplainRequest& request : test_requests()) {
    const auto explanation = explain(request);
    if (!explanation) continue;
    ++explained;
    const auto& [params, scale, zero_point] =
        std::tie(explanation->params, explanation->scale, explanation->zero_point);
    EXPECT_EQ(static_cast<float>(scale.used), params.scale) << describe(request);
    const auto codes = params.codes();
    EXPECT_EQ(std::clamp<double>(zero_point.rounded, codes.qmin, codes.qmax), params.zero_point)
        << describe(request);
  }
  EXPECT_GT(explained, 3000);
}

TEST(Explanation, TheStepsOfAValueEndAtItsCode) {
  for (const ExplainRequest& request : test_requests()) {
    const auto explanation = explain(request);
    if (!explanation) continue;
    for (const ExplainedValue& value : explanation->values) {
      const CodeRange codes = explanation->codes;
      EXPECT_EQ(value.code,
                quantize(value.given.x, explanation->params, request.options.convention));
      if (std::isnan(value.given.x)) continue;
      EXPECT_EQ(std::clamp<double>(value.steps_and_zero, codes.qmin, codes.qmax), value.code)
          << describe(request) << " " << value.given.text;
      EXPECT_EQ(value.saturated, value.steps_and_zero != value.code);
    }
  }
}

TEST(Explanation, AnExactValueIsFoundFromTheFinestScaleDownwards) {
  ExplainRequest request;
  request.range = {-1.5, 2.7};
  request.type = IntType::kInt8;
  request.exact = -1.0f;
  const auto explanation = explain(request);
  ASSERT_TRUE(explanation);
  ASSERT_TRUE(explanation->exact);
  EXPECT_TRUE(explanation->exact->changed_scale());
  EXPECT_EQ(dequantize(explanation->exact->code, explanation->params), -1.0f);
  EXPECT_EQ(explanation->exact->finest, *choose_params(request.range, request.type));
}

TEST(Explanation, PytorchSeesTheEndsOfTheRangeAsFloat32) {
  ExplainRequest request;
  request.range = {-0.1, 0.7};
  request.options.convention = Convention::kPytorch;
  const auto explanation = explain(request);
  ASSERT_TRUE(explanation);
  EXPECT_EQ(explanation->scale.range, (Range{double{-0.1f}, double{0.7f}}));
  EXPECT_EQ(explanation->zero_point.range, (Range{double{-0.1f}, double{0.7f}}));
}

TEST(Explanation, LinesOfTextFitATerminal) {
  for (const ExplainRequest& request : test_requests()) {
    const auto explanation = explain(request);
    if (!explanation) continue;
    const std::string text = to_text(*explanation);
    for (size_t start = 0; start < text.size();) {
      const size_t end = text.find('\n', start);
      // Ends near FLT_MAX have 23 characters in double; such lines may be longer.
      const bool long_numbers = explanation->covered.magnitude() > 1e30;
      EXPECT_LE(end - start, long_numbers ? 120U : 100U) << text.substr(start, end - start);
      start = end + 1;
    }
  }
}

TEST(ExplanationJson, IsValidWhateverTheNumbers) {
  for (const ExplainRequest& request : test_requests()) {
    const auto explanation = explain(request);
    if (!explanation) continue;
    const auto json = nlohmann::json::parse(to_json(*explanation), nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << describe(request);
    EXPECT_EQ(json["zero_point"], explanation->params.zero_point);
    // The scale in its fewest digits is the same float32 when read back.
    EXPECT_EQ(static_cast<float>(json["scale"].get<double>()), explanation->params.scale);
    EXPECT_EQ(json["values"].size(), request.values.size());
  }
}

}  // namespace
}  // namespace zp::app
