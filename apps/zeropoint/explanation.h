// What `zeropoint explain` has to say, as values: explanation_text.h and explanation_json.h are
// two renderings of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/zeropoint/derivation.h"
#include "zeropoint/numerics/code_error.h"
#include "zeropoint/numerics/params.h"

namespace zp::app {

// A value as it was written and the float32 nearest to it, which is what gets quantized: an
// infinity where the number is beyond float32.
struct GivenValue {
  std::string text;
  double number = 0;
  float x = 0;
};

struct ExplainRequest {
  Range range;
  IntType type = IntType::kUint8;
  ParamOptions options;
  std::optional<float> exact;  // a value that must be exactly a code
  std::vector<GivenValue> values;
};

// How the value that must be a code became one.
struct ExactStep {
  float x = 0;
  QuantParams finest;  // what choose_params gives without regard to x
  int32_t finest_code = 0;
  float finest_value = 0;  // what that code stands for
  int32_t code = 0;        // with the parameters finally chosen; its value is x

  bool changed_scale() const { return finest_value != x; }
};

// A value's way to its code and back.
struct ExplainedValue {
  GivenValue given;
  // What is rounded, in float32: x / scale; for pytorch x * (1 / scale), for tensorflow
  // x / scale + zero_point. NaN for NaN.
  float scaled = 0;
  double unrounded_scaled = 0;  // the same from the float32 x and scale without float32 roundings
  double rounded = 0;           // a whole number, or not finite
  double steps_and_zero = 0;    // with the zero point in it: the code before saturation
  bool is_tie = false;          // scaled lies midway between two whole numbers
  bool saturated = false;
  int32_t code = 0;
  float dequantized = 0;
  double error = 0;  // dequantized - x
};

struct Explanation {
  ExplainRequest request;
  Range covered;  // the range widened to hold 0 and the exact value
  QuantParams params;
  CodeRange codes;  // that quantizing may give
  ScaleDerivation scale;
  std::optional<ExactStep> exact;
  ZeroPointDerivation zero_point;
  WastedSteps wasted;
  double largest_error = 0;
  bool implies_relu = false;
  std::vector<ExplainedValue> values;
};

// The real number that a code stands for, without float32 rounding or overflow.
double real_of(int64_t code, const QuantParams& params);

// Errors: those of choose_params and choose_params_exact.
Result<Explanation> explain(const ExplainRequest& request);

}  // namespace zp::app
