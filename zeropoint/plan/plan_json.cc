#include "zeropoint/plan/plan_json.h"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

namespace zp {
namespace {

// Keys keep the order in which they are written here, which is the order to read them in.
using Json = nlohmann::ordered_json;

// A float as the shortest decimal number that reads back as it.
Json shortest(float value) { return Json::parse(fmt::format("{}", value)); }

Json channel_floats(const std::vector<float>& values) {
  Json list = Json::array();
  for (const float value : values) list.push_back(shortest(value));
  return list;
}

// Two hexadecimal digits a code: its byte, in two's complement where it is signed.
std::string hex_of(const std::vector<int32_t>& codes) {
  std::string text;
  for (const int32_t code : codes) {
    fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<uint8_t>(code));
  }
  return text;
}

// Nothing where the text is no such digits.
std::optional<std::vector<int32_t>> codes_of_hex(std::string_view text, IntType type) {
  std::vector<int32_t> codes;
  if (text.size() % 2 != 0) return std::nullopt;
  for (size_t i = 0; i < text.size(); i += 2) {
    uint8_t byte = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    if (error != std::errc() || end != text.data() + i + 2) return std::nullopt;
    codes.push_back(type.is_signed() ? static_cast<int8_t>(byte) : byte);
  }
  return codes;
}

Json json_of(const ActivationPlan& activation) {
  Json json{{"tensor", activation.tensor},
            {"type", activation.params.type.name()},
            {"scale", shortest(activation.params.scale)},
            {"zero_point", activation.params.zero_point},
            {"readers", activation.readers == Readers::kAll ? "all" : "quantized"},
            {"range", {activation.range.min, activation.range.max}},
            {"reason", activation.reason}};
  if (activation.cut_below) json["cut_below"] = true;
  return json;
}

Json json_of(const WeightPlan& weight, PlanDetail detail) {
  Json json{{"tensor", weight.tensor},
            {"input", weight.input},
            {"type", weight.type.name()},
            {"narrow_range", weight.narrow == NarrowRange::kYes},
            {"axis", nullptr},
            {"pair_safe", weight.pair_safe}};
  if (weight.axis) json["axis"] = *weight.axis;
  if (detail == PlanDetail::kWhole) {
    json["scales"] = channel_floats(weight.scales);
    if (!weight.zero_points.empty()) json["zero_points"] = weight.zero_points;
    if (!weight.codes.empty()) json["codes"] = hex_of(weight.codes);
  }
  return json;
}

Json json_of(const ChannelScales& scales, PlanDetail detail) {
  Json json{{"tensor", scales.tensor}, {"axis", scales.axis}};
  if (detail == PlanDetail::kWhole) json["scales"] = channel_floats(scales.scales);
  return json;
}

Json json_of(const BiasPlan& bias, PlanDetail detail) {
  Json json{{"tensor", bias.tensor}, {"input", bias.input}, {"float", bias.in_float}};
  if (!bias.correction.empty() && detail == PlanDetail::kWhole) {
    json["correction"] = channel_floats(bias.correction);
  }
  return json;
}

Json json_of(const NodePlan& node, PlanDetail detail) {
  Json json{{"node", node.node},
            {"op_type", node.op_type},
            {"precision", node.quantized ? "integer" : "float"},
            {"reason", node.reason}};
  if (node.runs && detail == PlanDetail::kWhole) {
    json["runs"]["execution"] = node.runs->execution;
    if (!node.runs->as.empty()) json["runs"]["as"] = node.runs->as;
    if (!node.runs->reason.empty()) json["runs"]["reason"] = node.runs->reason;
  }
  for (const auto& weight : node.weights) json["weights"].push_back(json_of(weight, detail));
  if (node.bias) json["bias"] = json_of(*node.bias, detail);
  return json;
}

// Reads the members of one object; the first thing wrong is kept, and what follows is skipped.
class Reader {
 public:
  Reader(const Json& json, std::string where, Status& status)
      : json_(json), where_(std::move(where)), status_(status) {
    if (!json_.is_object()) wrong("expected an object");
  }
  ~Reader() {
    if (!status_) return;
    for (const auto& [key, value] : json_.items()) {
      if (std::ranges::find(known_, key) == known_.end())
        wrong(fmt::format("unknown key \"{}\"", key));
    }
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // nullptr where the key is absent or something was wrong before.
  const Json* find(const char* key) {
    known_.emplace_back(key);
    if (!status_ || !json_.contains(key)) return nullptr;
    return &json_.at(key);
  }

  template <class T>
  void optional(const char* key, T& value) {
    const Json* member = find(key);
    if (!member) return;
    if (!fits<T>(*member)) return wrong(fmt::format("\"{}\" is of the wrong kind", key));
    value = member->get<T>();
  }
  template <class T>
  void required(const char* key, T& value) {
    if (status_ && !json_.contains(key)) wrong(fmt::format("\"{}\" is missing", key));
    optional(key, value);
  }
  // Calls read(element, where) for each element of a list that may be absent.
  void each(const char* key, const auto& read) {
    const Json* list = find(key);
    if (!list) return;
    if (!list->is_array()) return wrong(fmt::format("\"{}\" is no list", key));
    for (size_t i = 0; i < list->size() && status_; ++i) {
      read(list->at(i), fmt::format("{}{}[{}]", where_.empty() ? "" : where_ + ".", key, i));
    }
  }
  void wrong(const std::string& what) {
    if (status_) status_ = invalid_data(where_.empty() ? what : where_ + ": " + what);
  }
  const std::string& where() const { return where_; }

 private:
  template <class T>
  static bool fits(const Json& json) {
    if constexpr (std::is_same_v<T, bool>) return json.is_boolean();
    if constexpr (std::is_integral_v<T>) {
      return json.is_number_integer() &&
             json.get<double>() >= double(std::numeric_limits<T>::min()) &&
             json.get<double>() <= double(std::numeric_limits<T>::max());
    }
    if constexpr (std::is_floating_point_v<T>) return json.is_number();
    if constexpr (std::is_same_v<T, std::string>) return json.is_string();
    if constexpr (std::is_same_v<T, std::vector<float>>) {
      return json.is_array() && std::ranges::all_of(json, fits<float>);
    }
    if constexpr (std::is_same_v<T, std::vector<int32_t>>) {
      return json.is_array() && std::ranges::all_of(json, fits<int32_t>);
    }
    if constexpr (std::is_same_v<T, std::vector<double>>) {
      return json.is_array() && std::ranges::all_of(json, fits<double>);
    }
    if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      return json.is_array() && std::ranges::all_of(json, fits<std::string>);
    }
    if constexpr (std::is_same_v<T, std::map<std::string, std::string>>) {
      return json.is_object() && std::ranges::all_of(json, fits<std::string>);
    }
    return false;
  }

  const Json& json_;
  std::string where_;
  Status& status_;
  std::vector<std::string> known_;
};

template <class T>
void read_choice(Reader& reader, const char* key, T& value,
                 const std::vector<std::pair<const char*, T>>& choices) {
  std::string text;
  reader.required(key, text);
  for (const auto& [name, choice] : choices) {
    if (text == name) {
      value = choice;
      return;
    }
  }
  reader.wrong(fmt::format("\"{}\" is \"{}\"; expected \"{}\" or \"{}\"", key, text,
                           choices[0].first, choices[1].first));
}

void read_type(Reader& reader, IntType& type) {
  std::string text;
  reader.required("type", text);
  const auto parsed = IntType::parse(text);
  if (!parsed) return reader.wrong(parsed.error().message);
  type = *parsed;
}

void read_activation(const Json& json, const std::string& where, Status& status,
                     ActivationPlan& activation) {
  Reader reader(json, where, status);
  reader.required("tensor", activation.tensor);
  read_type(reader, activation.params.type);
  reader.required("scale", activation.params.scale);
  reader.required("zero_point", activation.params.zero_point);
  read_choice(reader, "readers", activation.readers,
              {{"all", Readers::kAll}, {"quantized", Readers::kQuantized}});
  std::vector<double> range;
  reader.optional("range", range);
  if (range.size() == 2) activation.range = {range[0], range[1]};
  reader.optional("reason", activation.reason);
  reader.optional("cut_below", activation.cut_below);
  if (const Status meaning = check(activation.params); !meaning) {
    reader.wrong(meaning.error().message);
  }
}

void read_weight(const Json& json, const std::string& where, Status& status, WeightPlan& weight) {
  Reader reader(json, where, status);
  reader.required("tensor", weight.tensor);
  reader.required("input", weight.input);
  read_type(reader, weight.type);
  bool narrow = true;
  reader.optional("narrow_range", narrow);
  weight.narrow = narrow ? NarrowRange::kYes : NarrowRange::kNo;
  if (const Json* axis = reader.find("axis"); axis && !axis->is_null()) {
    if (!axis->is_number_integer()) return reader.wrong("\"axis\" is no whole number");
    weight.axis = axis->get<int64_t>();
  }
  reader.optional("pair_safe", weight.pair_safe);
  reader.required("scales", weight.scales);
  reader.optional("zero_points", weight.zero_points);
  std::string codes;
  reader.optional("codes", codes);
  if (auto read = codes_of_hex(codes, weight.type)) {
    weight.codes = *std::move(read);
  } else {
    reader.wrong("\"codes\" are not two hexadecimal digits each");
  }
  if (weight.scales.empty()) reader.wrong("\"scales\" is empty");
  for (size_t i = 0; i < weight.scales.size(); ++i) {
    const int32_t zero_point = i < weight.zero_points.size() ? weight.zero_points[i] : 0;
    const Status meaning =
        check(QuantParams{weight.type, weight.narrow, weight.scales[i], zero_point});
    if (!meaning) reader.wrong(fmt::format("channel {}: {}", i, meaning.error().message));
  }
}

void read_node(const Json& json, const std::string& where, Status& status, NodePlan& node) {
  Reader reader(json, where, status);
  reader.required("node", node.node);
  reader.optional("op_type", node.op_type);
  read_choice(reader, "precision", node.quantized, {{"integer", true}, {"float", false}});
  reader.optional("reason", node.reason);
  if (const Json* runs = reader.find("runs")) {
    Reader members(*runs, reader.where() + ".runs", status);
    node.runs.emplace();
    members.required("execution", node.runs->execution);
    members.optional("as", node.runs->as);
    members.optional("reason", node.runs->reason);
  }
  reader.each("weights", [&](const Json& element, const std::string& place) {
    read_weight(element, place, status, node.weights.emplace_back());
  });
  if (const Json* bias = reader.find("bias")) {
    Reader members(*bias, reader.where() + ".bias", status);
    node.bias.emplace();
    members.required("tensor", node.bias->tensor);
    members.required("input", node.bias->input);
    members.optional("float", node.bias->in_float);
    members.optional("correction", node.bias->correction);
  }
}

}  // namespace

std::string to_json(const Plan& plan, PlanDetail detail) {
  Json json{{"zeropoint_plan", plan.version},  {"tool", plan.tool},
            {"target", plan.target},           {"model_hash", plan.model_hash},
            {"options", plan.options},         {"opset", plan.opset},
            {"weight_q_dq", plan.weight_q_dq}, {"quick_gelu", plan.rewrites.quick_gelu},
            {"channel_scales", Json::array()}, {"activations", Json::array()},
            {"nodes", Json::array()}};
  for (const auto& scales : plan.rewrites.channel_scales) {
    json["channel_scales"].push_back(json_of(scales, detail));
  }
  for (const auto& activation : plan.activations) {
    json["activations"].push_back(json_of(activation));
  }
  for (const auto& node : plan.nodes) json["nodes"].push_back(json_of(node, detail));
  constexpr int kIndent = 1;
  return json.dump(detail == PlanDetail::kWhole ? kIndent : -1);
}

Result<Plan> parse_plan(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return invalid_data("not JSON; expected a plan of zeropoint plan");
  if (!json.is_object() || !json.contains("zeropoint_plan")) {
    return invalid_data("no plan: \"zeropoint_plan\" is missing");
  }
  Plan plan;
  Status status;
  {
    Reader reader(json, "", status);
    reader.required("zeropoint_plan", plan.version);
    if (plan.version != kPlanVersion) {
      reader.wrong(fmt::format("a plan of version {}; this zeropoint reads version {}",
                               plan.version, kPlanVersion));
    }
    reader.optional("tool", plan.tool);
    reader.required("target", plan.target);
    reader.required("model_hash", plan.model_hash);
    reader.optional("options", plan.options);
    reader.optional("opset", plan.opset);
    reader.optional("weight_q_dq", plan.weight_q_dq);
    reader.optional("quick_gelu", plan.rewrites.quick_gelu);
    reader.each("channel_scales", [&](const Json& element, const std::string& where) {
      auto& scales = plan.rewrites.channel_scales.emplace_back();
      Reader members(element, where, status);
      members.required("tensor", scales.tensor);
      members.required("axis", scales.axis);
      members.required("scales", scales.scales);
    });
    reader.each("activations", [&](const Json& element, const std::string& where) {
      read_activation(element, where, status, plan.activations.emplace_back());
    });
    reader.each("nodes", [&](const Json& element, const std::string& where) {
      read_node(element, where, status, plan.nodes.emplace_back());
    });
  }
  ZP_RETURN_IF_ERROR(status);
  return plan;
}

}  // namespace zp
