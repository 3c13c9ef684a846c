#include <nlohmann/json.hpp>

#include "zeropoint/report/compare_report.h"
#include "zeropoint/report/units.h"

namespace zp {
namespace {

using Json = nlohmann::ordered_json;

double share(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

Json file_json(const ComparedFile& file) { return {{"path", file.path}, {"bytes", file.size}}; }

Json value_json(const ComparedValue& value) {
  const OutputError& error = value.error;
  const bool is_float = error.kind() == ValueKind::kFloat;
  const auto of_floats = [&](double number) { return is_float ? json_number(number) : Json(); };
  Json json{{"name", error.name()},
            {"kind", is_float ? "float" : "other"},
            {"sqnr_db", of_floats(error.sqnr_db())},
            {"finite_sqnr_db", of_floats(error.finite_sqnr_db())},
            {"cosine", of_floats(error.cosine())},
            {"max_abs_difference", of_floats(error.max_abs_difference())},
            {"equal_share", is_float ? Json() : Json(error.equal_share())},
            {"elements", error.elements()},
            {"destroyed", error.destroyed()},
            {"equal_not_finite", error.equal_not_finite()},
            {"shape_mismatches", error.shape_mismatches()},
            {"worst_sample", nullptr}};
  if (const auto& worst = error.worst()) {
    json["worst_sample"] = {{"name", value.worst_sample},
                            {"index", worst->sample},
                            {is_float ? "sqnr_db" : "equal_share", json_number(worst->score)}};
  }
  return json;
}

Json tensors_json(const ComparedTensors& tensors) {
  Json list = Json::array();
  for (size_t i = 0; i < tensors.values.size(); ++i) {
    Json json = value_json(tensors.values[i]);
    json["quantized_name"] = tensors.pairs[i].quantized;
    json["op_type"] = tensors.pairs[i].op_type;
    list.push_back(std::move(json));
  }
  return {{"unmatched", tensors.unmatched}, {"list", std::move(list)}};
}

Json accuracy_json(const Accuracy& accuracy) {
  const Classification& counts = accuracy.counts;
  const auto shares = [&](int64_t top1, int64_t top5) -> Json {
    return {{"top1", share(top1, counts.samples)},
            {"top5", counts.classes > 5 ? Json(share(top5, counts.samples)) : Json()}};
  };
  return {{"output", accuracy.output},
          {"samples", counts.samples},
          {"classes", counts.classes},
          {"float", shares(counts.reference_top1, counts.reference_top5)},
          {"quantized", shares(counts.quantized_top1, counts.quantized_top5)},
          {"agreement", share(counts.agreeing, counts.samples)},
          {"only_float_right", counts.only_reference_right},
          {"only_quantized_right", counts.only_quantized_right},
          {"difference", share(counts.quantized_top1 - counts.reference_top1, counts.samples)},
          {"interval_95", {accuracy.difference.low, accuracy.difference.high}},
          {"interval_method", "adjusted Wald for paired proportions (Bonett and Price 2012)"},
          {"mcnemar_p", accuracy.mcnemar_p}};
}

Json spread_json(const Spread& spread, double factor) {
  return {{"median", factor * spread.median},
          {"low", factor * spread.low},
          {"high", factor * spread.high}};
}

Json latency_json(const LatencyPair& latency) {
  constexpr double kMilliseconds = 1e3;
  return {{"threads", 1},
          {"turns", latency.turns},
          {"runs_a_turn", latency.runs_a_turn},
          {"float_ms", spread_json(latency.reference_seconds, kMilliseconds)},
          {"quantized_ms", spread_json(latency.quantized_seconds, kMilliseconds)},
          {"speedup", spread_json(latency.speedup, 1)}};
}

Json as_written_json(AsWritten as_written) {
  switch (as_written) {
    case AsWritten::kNothing:
      return nullptr;
    case AsWritten::kSimulated:
      return "simulated";
    case AsWritten::kEngineMode:
      return "engine";
  }
  return nullptr;
}

}  // namespace

std::string to_json(const CompareReport& report) {
  const Comparison& comparison = report.comparison;
  Json json{{"float", file_json(report.reference)},
            {"quantized", file_json(report.quantized)},
            {"notes", report.notes},
            {"execution", report.quantized_mode == ExecutionMode::kInt8 ? "int8" : "as_written"},
            {"as_written", as_written_json(comparison.as_written)},
            {"engine", report.engine},
            {"int8_instructions", report.instructions},
            {"samples", comparison.samples},
            {"skipped", Json::array()},
            {"outputs", Json::array()},
            {"tensors", comparison.tensors ? tensors_json(*comparison.tensors) : Json()},
            {"classification", comparison.accuracy ? accuracy_json(*comparison.accuracy) : Json()},
            {"latency", comparison.latency ? latency_json(*comparison.latency) : Json()}};
  for (const Error& error : comparison.skipped) json["skipped"].push_back(error.message);
  for (const ComparedValue& value : comparison.outputs)
    json["outputs"].push_back(value_json(value));
  // Names in models and folders need not be UTF-8.
  constexpr int kIndent = 2;
  return json.dump(kIndent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace zp
