// Whose rules are followed. A convention fixes how parameters are chosen from a range
// (params.h) and how a value is rounded to its code (quantize.h); docs/numerics.md has the table.
#pragma once

#include <array>
#include <string_view>

#include "zeropoint/base/error.h"

namespace zp {

enum class Convention {
  kOnnx,        // ONNX QuantizeLinear as ONNX Runtime computes it
  kPytorch,     // PyTorch's observers and quantize_per_tensor
  kTflite,      // TensorFlow Lite's reference kernels
  kTensorflow,  // TensorFlow's older form: steps over the full range, codes over the narrow one
  kTensorrt,    // TensorRT: signed, symmetric
};

inline constexpr std::array kConventions{Convention::kOnnx, Convention::kPytorch,
                                         Convention::kTflite, Convention::kTensorflow,
                                         Convention::kTensorrt};

// "onnx", "pytorch", "tflite", "tensorflow", "tensorrt".
std::string_view name(Convention convention);
Result<Convention> parse_convention(std::string_view name);

// How the codes lie around zero.
enum class Scheme {
  kAffine,     // the range, widened to hold 0, fills the codes; any zero point
  kSymmetric,  // [-a, a]; the zero point is the middle code: 0 signed, 2^(b-1) unsigned
  kOneSided,   // [0, max] on unsigned codes with zero point 0; refuses a negative range
};

inline constexpr std::array kSchemes{Scheme::kAffine, Scheme::kSymmetric, Scheme::kOneSided};

// "affine", "symmetric", "one-sided".
std::string_view name(Scheme scheme);
Result<Scheme> parse_scheme(std::string_view name);

// The scheme a convention uses when none is asked for: symmetric for tensorflow and tensorrt,
// affine for the others.
Scheme default_scheme(Convention convention);

}  // namespace zp
