// Requests of every kind, for tests of what must hold for all of them.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "apps/zeropoint/explanation.h"
#include "apps/zeropoint/parse.h"

namespace zp::app {

// Every convention, scheme, narrowness, form of scale and type with every range; those that have no
// parameters are among them.
inline std::vector<ExplainRequest> test_requests() {
  std::vector<GivenValue> values;
  for (const char* text : {"0", "-0.0", "0.1", "-1", "2.5", "500", "1e30", "1e39", "-inf", "nan"}) {
    values.push_back(*parse_value("--value", text));
  }
  constexpr double kLargest = 3.4028234663852886e38;
  const std::vector<Range> ranges = {{0, 0},         {5, 5},
                                     {-20, 1000},    {40, 1000},
                                     {-1000, -40},   {-1, 2},
                                     {-0.5, 253.5},  {-1000, 1000},
                                     {-0.001, 1000}, {0, 1e-6},
                                     {0, 1e-40},     {-1e-44, 1e-44},
                                     {0, 3e-36},     {-kLargest, kLargest},
                                     {-kLargest, 0}, {-1e-3, 1e30},
                                     {0.1, 0.7}};
  const std::vector<IntType> types = {IntType::kInt2,  IntType::kUint2, IntType::kInt4,
                                      IntType::kUint4, IntType::kInt8,  IntType::kUint8,
                                      IntType::kInt16, IntType::kUint16};
  std::vector<ExplainRequest> requests;
  for (const Range range : ranges) {
    for (const IntType type : types) {
      for (const Convention convention : kConventions) {
        for (const Scheme scheme : kSchemes) {
          for (const NarrowRange narrow : {NarrowRange::kNo, NarrowRange::kYes}) {
            for (const ScaleForm form : {ScaleForm::kAny, ScaleForm::kPowerOfTwo}) {
              ParamOptions options{convention, scheme, narrow, form, {}};
              requests.push_back({range, type, options, {}, values});
              options.zero_point = type.middle();
              requests.push_back({range, type, options, {}, values});
            }
          }
        }
      }
    }
  }
  return requests;
}

inline std::string describe(const ExplainRequest& request) {
  const ParamOptions& options = request.options;
  return fmt::format("[{}, {}] {} {} {}{}{}{}", request.range.min, request.range.max,
                     request.type.name(), name(options.convention), name(options.scheme),
                     options.narrow == NarrowRange::kYes ? " narrow" : "",
                     options.scale_form == ScaleForm::kPowerOfTwo ? " power of two" : "",
                     options.zero_point ? fmt::format(" zero point {}", *options.zero_point) : "");
}

}  // namespace zp::app
