// Chooses parameters in the onnx convention, for comparisons with ONNX Runtime's quantizer:
// each line "MIN MAX TYPE SCHEME NARROW" of standard input (SCHEME affine or symmetric, NARROW 0 or
// 1) gives one "SCALE ZERO_POINT" on standard output, the scale in hexadecimal so that none of its
// bits is lost. Exit status 1, after one line on standard error, when a line is refused.
#include <cstdio>
#include <string>

#include "zeropoint/numerics/params.h"

namespace {

zp::Result<zp::QuantParams> choose(double min, double max, const std::string& type_name,
                                   const std::string& scheme_name, bool narrow) {
  ZP_ASSIGN_OR_RETURN(const zp::Range range, zp::make_range(min, max));
  ZP_ASSIGN_OR_RETURN(const zp::IntType type, zp::IntType::parse(type_name));
  zp::ParamOptions options;
  ZP_ASSIGN_OR_RETURN(options.scheme, zp::parse_scheme(scheme_name));
  options.narrow = narrow ? zp::NarrowRange::kYes : zp::NarrowRange::kNo;
  return zp::choose_params(range, type, options);
}

}  // namespace

// Results are asked for their value where they have one, and then do not throw.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main() {
  double min = 0;
  double max = 0;
  char type[16] = "";
  char scheme[16] = "";
  int narrow = 0;
  while (std::scanf("%lf %lf %15s %15s %d", &min, &max, type, scheme, &narrow) == 5) {
    const auto params = choose(min, max, type, scheme, narrow != 0);
    if (!params) {
      std::fprintf(stderr, "onnx_params: %s\n", params.error().message.c_str());
      return 1;
    }
    std::printf("%a %d\n", double{params->scale}, params->zero_point);
  }
}
