#include "apps/zeropoint/explanation_json.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "apps/zeropoint/number_text.h"

namespace zp::app {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(shortest(value)); }
Json number(float value) { return number(shortest_number(value)); }

Json value_json(const ExplainedValue& value) {
  return {{"value", number(value.given.x)},
          {"scaled", number(value.scaled)},
          {"rounded", number(value.rounded)},
          {"tie", value.is_tie},
          {"code", value.code},
          {"saturated", value.saturated},
          {"dequantized", number(value.dequantized)},
          {"error", number(value.error)}};
}

}  // namespace

std::string to_json(const Explanation& explanation) {
  const auto& [request, covered, params, codes, scale, exact, zero_point, wasted, largest_error,
               implies_relu, values] = explanation;
  const ParamOptions& options = request.options;
  Json json;
  json["range"] = {number(request.range.min), number(request.range.max)};
  json["widened_range"] = {number(covered.min), number(covered.max)};
  json["type"] = params.type.name();
  json["scheme"] = name(options.scheme);
  json["convention"] = name(options.convention);
  json["narrow"] = params.narrow == NarrowRange::kYes;
  json["power_of_two"] = options.scale_form == ScaleForm::kPowerOfTwo;
  json["exact"] = exact ? number(exact->x) : Json(nullptr);
  json["scale"] = number(params.scale);
  json["scale_bits"] = fmt::format("0x{:08x}", std::bit_cast<uint32_t>(params.scale));
  json["unrounded_scale"] = number(scale.formula_value);
  json["zero_point"] = params.zero_point;
  json["qmin"] = codes.qmin;
  json["qmax"] = codes.qmax;
  json["wasted"] = {{"below", wasted.below},
                    {"above", wasted.above},
                    {"total", wasted.total},
                    {"fraction", wasted.fraction()}};
  json["largest_error"] = number(largest_error);
  json["implies_relu"] = implies_relu;
  json["values"] = Json::array();
  for (const ExplainedValue& value : values) json["values"].push_back(value_json(value));
  return json.dump(2) + "\n";
}

}  // namespace zp::app
