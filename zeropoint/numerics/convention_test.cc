#include "zeropoint/numerics/convention.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace zp {
namespace {

TEST(Convention, ParsesTheNameItPrints) {
  for (const Convention convention : kConventions) {
    EXPECT_EQ(parse_convention(name(convention)), convention);
  }
  EXPECT_EQ(parse_convention("tflite"), Convention::kTflite);
}

TEST(Convention, AnUnknownNameListsTheKnownOnes) {
  for (const char* wrong : {"", "ONNX", "onnx ", "tf", "unknown"}) {
    const auto parsed = parse_convention(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().message,
              fmt::format("convention \"{}\": expected one of onnx, pytorch, tflite, tensorflow, "
                          "tensorrt",
                          wrong));
  }
}

TEST(Scheme, ParsesTheNameItPrints) {
  for (const Scheme scheme : kSchemes) EXPECT_EQ(parse_scheme(name(scheme)), scheme);
  EXPECT_EQ(parse_scheme("one-sided"), Scheme::kOneSided);
}

TEST(Scheme, AnUnknownNameListsTheKnownOnes) {
  EXPECT_EQ(parse_scheme("asymmetric").error().message,
            "scheme \"asymmetric\": expected one of affine, symmetric, one-sided");
}

TEST(Scheme, DefaultsToWhatTheConventionHas) {
  EXPECT_EQ(default_scheme(Convention::kOnnx), Scheme::kAffine);
  EXPECT_EQ(default_scheme(Convention::kPytorch), Scheme::kAffine);
  EXPECT_EQ(default_scheme(Convention::kTflite), Scheme::kAffine);
  EXPECT_EQ(default_scheme(Convention::kTensorflow), Scheme::kSymmetric);
  EXPECT_EQ(default_scheme(Convention::kTensorrt), Scheme::kSymmetric);
}

}  // namespace
}  // namespace zp
