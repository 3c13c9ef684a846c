#include "apps/zeropoint/inspect_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "apps/zeropoint/number_text.h"

namespace zp::app {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(shortest(value)); }
Json number(float value) { return number(shortest_number(value)); }

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

void add_scales(Json& json, const ScaleSummary& scales) {
  json["type"] = name(scales.type);
  json["granularity"] = name(scales.granularity);
  const bool has_axis = scales.granularity != Granularity::kPerTensor;
  json["axis"] = has_axis ? Json(scales.axis) : Json(nullptr);
  json["block_size"] = scales.block_size > 0 ? Json(scales.block_size) : Json(nullptr);
  json["scales"] = scales.count;
  const bool known = scales.count > 0;
  json["lowest_scale"] = known ? number(scales.lowest_scale) : Json(nullptr);
  json["highest_scale"] = known ? number(scales.highest_scale) : Json(nullptr);
  json["lowest_zero_point"] = known ? Json(scales.lowest_zero_point) : Json(nullptr);
  json["highest_zero_point"] = known ? Json(scales.highest_zero_point) : Json(nullptr);
}

Json node_json(const InspectedNode& node) {
  Json json{{"node", node.node},        {"name", node.name},
            {"op_type", node.op_type},  {"execution", name(node.prediction.execution)},
            {"as", node.prediction.as}, {"reason", node.prediction.reason}};
  if (node.macs) {
    json["macs"] = node.macs->is_unknown ? Json(nullptr) : Json(node.macs->macs);
    json["macs_kind"] = name(node.macs->kind);
    json["written_int8"] = node.macs->is_int8;
  }
  return json;
}

Json activation_json(const InspectedActivation& activation) {
  Json json{{"tensor", activation.tensor}};
  add_scales(json, activation.scales);
  json["min"] = activation.range ? number(activation.range->min) : Json(nullptr);
  json["max"] = activation.range ? number(activation.range->max) : Json(nullptr);
  return json;
}

Json weight_json(const InspectedWeight& weight) {
  Json json{{"tensor", weight.tensor}, {"nodes", weight.nodes}};
  add_scales(json, weight.scales);
  json["elements"] = weight.elements;
  json["channels"] = weight.channels;
  json["codes_used"] = weight.codes_used;
  json["codes"] = weight.codes;
  json["saturated"] = weight.saturated;
  json["saturating_channels"] = or_null(weight.saturating_channels);
  return json;
}

Json bias_json(const InspectedBias& bias) {
  return {{"tensor", bias.tensor},
          {"node", bias.node},
          {"elements", bias.elements},
          {"large", bias.large},
          {"scale_error", bias.scale_error ? number(*bias.scale_error) : Json(nullptr)}};
}

template <class List, class Convert>
Json list(const List& entries, const Convert& convert) {
  Json json = Json::array();
  for (const auto& entry : entries) json.push_back(convert(entry));
  return json;
}

}  // namespace

std::string to_json(const Inspection& inspection) {
  Json json;
  json["model"] = inspection.model;
  json["runtime"] = name(inspection.runtime);
  json["ir_version"] = inspection.ir_version;
  json["opsets"] = Json::object();
  for (const auto& [domain, version] : inspection.opsets) json["opsets"][domain] = version;
  json["producer"] = inspection.producer;
  json["metadata"] = Json::object();
  for (const auto& [key, value] : inspection.metadata) json["metadata"][key] = value;
  json["size"] = inspection.size;
  const ConstantSizes& sizes = inspection.constants;
  json["constants"] = {
      {"float", sizes.floats}, {"int8", sizes.int8},   {"below_8_bits", sizes.below_8_bits},
      {"int16", sizes.int16},  {"int32", sizes.int32}, {"other", sizes.others}};
  json["operators"] = Json::object();
  for (const auto& [op, count] : inspection.operators) json["operators"][op] = count;
  json["quantized"] = inspection.is_quantized();
  json["bodies"] = inspection.has_bodies;
  json["macs"] = Json::object();
  for (const auto& [kind, totals] : inspection.macs) {
    json["macs"][std::string(name(kind))] = {
        {"all", totals.all},
        {"written_int8", totals.written_int8},
        {"predicted_int8", totals.predicted_int8},
        {"predicted_weight_only", totals.predicted_weight_only}};
  }
  json["macs_unknown"] = inspection.macs_unknown;
  json["nodes"] = list(inspection.nodes, node_json);
  json["activations"] = list(inspection.activations, activation_json);
  json["weights"] = list(inspection.weights, weight_json);
  json["biases"] = list(inspection.biases, bias_json);
  json["traps"] = list(inspection.traps, [](const FoundTrap& found) {
    return Json{{"trap", name(found.trap)}, {"where", found.where}, {"detail", found.detail}};
  });
  // Names of tensors may hold bytes that are no UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace zp::app
