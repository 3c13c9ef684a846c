#include "zeropoint/quantizer/range_method.h"

#include <fmt/format.h>
#include <charconv>

#include "zeropoint/observe/ranges/entropy.h"
#include "zeropoint/observe/ranges/mean_squared_error.h"
#include "zeropoint/observe/ranges/min_max.h"
#include "zeropoint/observe/ranges/percentile.h"

namespace zp {
namespace {

bool parse_double(std::string_view text, double& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

tl::unexpected<Error> bad(std::string_view text) {
  return invalid_argument(
      fmt::format("ranges \"{}\": expected minmax, percentile, percentile:P with "
                  "0 < P <= 100, mse, entropy or MIN..MAX",
                  text));
}

}  // namespace

std::string RangeMethod::name() const {
  switch (kind) {
    case RangeKind::kMinMax:
      return "minmax";
    case RangeKind::kPercentile:
      return fmt::format("percentile:{}", percentile);
    case RangeKind::kMeanSquaredError:
      return "mse";
    case RangeKind::kEntropy:
      return "entropy";
    case RangeKind::kGiven:
      return fmt::format("{}..{}", given.min, given.max);
  }
  return "";
}

Result<RangeMethod> RangeMethod::parse(std::string_view text) {
  RangeMethod method;
  if (text == "minmax") return method;
  if (text == "mse" || text == "entropy") {
    method.kind = text == "mse" ? RangeKind::kMeanSquaredError : RangeKind::kEntropy;
    return method;
  }
  if (constexpr std::string_view kName = "percentile"; text.starts_with(kName)) {
    method.kind = RangeKind::kPercentile;
    std::string_view rest = text.substr(kName.size());
    if (rest.empty()) return method;
    if (rest[0] != ':' || !parse_double(rest.substr(1), method.percentile) ||
        !(method.percentile > 0 && method.percentile <= 100)) {
      return bad(text);
    }
    return method;
  }
  const size_t dots = text.find("..");
  double low = 0;
  double high = 0;
  if (dots == std::string_view::npos || !parse_double(text.substr(0, dots), low) ||
      !parse_double(text.substr(dots + 2), high)) {
    return bad(text);
  }
  method.kind = RangeKind::kGiven;
  ZP_ASSIGN_OR_RETURN(method.given, make_range(low, high));
  return method;
}

Result<Range> choose_range(const Observer& observer, const RangeMethod& method, IntType type,
                           const ParamOptions& options) {
  switch (method.kind) {
    case RangeKind::kMinMax:
      return min_max_range(observer);
    case RangeKind::kPercentile: {
      const Tails tails =
          options.scheme == Scheme::kSymmetric ? Tails::kByMagnitude : Tails::kTwoSided;
      return percentile_range(observer, method.percentile, tails);
    }
    case RangeKind::kMeanSquaredError:
      return mean_squared_error_range(observer, type, options).map([](const RangeChoice& choice) {
        return choice.range;
      });
    case RangeKind::kEntropy:
      return entropy_range(observer, type, options).map([](const RangeChoice& choice) {
        return choice.range;
      });
    case RangeKind::kGiven:
      return method.given;
  }
  return method.given;
}

}  // namespace zp
