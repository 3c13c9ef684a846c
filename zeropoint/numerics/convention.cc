#include "zeropoint/numerics/convention.h"

#include <fmt/format.h>

namespace zp {
namespace {

// The value among `all` that carries `wanted` as its name, or an error that lists them.
template <class List>
Result<typename List::value_type> parse(std::string_view what, std::string_view wanted,
                                        const List& all) {
  std::string names;
  for (const auto value : all) {
    if (name(value) == wanted) return value;
    names += (names.empty() ? "" : ", ") + std::string(name(value));
  }
  return invalid_argument(fmt::format("{} \"{}\": expected one of {}", what, wanted, names));
}

}  // namespace

std::string_view name(Convention convention) {
  switch (convention) {
    case Convention::kOnnx:
      return "onnx";
    case Convention::kPytorch:
      return "pytorch";
    case Convention::kTflite:
      return "tflite";
    case Convention::kTensorflow:
      return "tensorflow";
    case Convention::kTensorrt:
      return "tensorrt";
  }
  return "unknown";
}

std::string_view name(Scheme scheme) {
  switch (scheme) {
    case Scheme::kAffine:
      return "affine";
    case Scheme::kSymmetric:
      return "symmetric";
    case Scheme::kOneSided:
      return "one-sided";
  }
  return "unknown";
}

Result<Convention> parse_convention(std::string_view wanted) {
  return parse("convention", wanted, kConventions);
}

Result<Scheme> parse_scheme(std::string_view wanted) { return parse("scheme", wanted, kSchemes); }

Scheme default_scheme(Convention convention) {
  return convention == Convention::kTensorflow || convention == Convention::kTensorrt
             ? Scheme::kSymmetric
             : Scheme::kAffine;
}

}  // namespace zp
