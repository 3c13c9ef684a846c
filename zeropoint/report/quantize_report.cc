#include "zeropoint/report/quantize_report.h"

#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "zeropoint/report/units.h"

namespace zp {
namespace {

std::string decibels(double db) {
  if (db == std::numeric_limits<double>::infinity()) return "exact";
  if (db == -std::numeric_limits<double>::infinity()) return "destroyed";
  return fmt::format("{:.1f} dB", db);
}

// Where the runtime is predicted to compute less in int8 than the model says.
std::string predicted_share(const QuantizeReport& report) {
  if (!report.macs_run_in_int8 || *report.macs_run_in_int8 == report.macs_quantized) return "";
  return fmt::format("; {} will compute {} so, as predicted", report.target,
                     share_text(*report.macs_run_in_int8, report.macs));
}

// Lines with a heading in the first column, as all of the command's pages have them.
class Page {
 public:
  // `whole`: what has the lists in full.
  explicit Page(std::string_view whole) : whole_(whole) {}
  void line(std::string_view heading, const std::string& text) {
    text_ += fmt::format("{:<12} {}\n", heading, text);
  }
  // The first `most` of a list, and how many more there are.
  template <class List, class Describe>
  void list(std::string_view heading, const List& entries, size_t most, const Describe& describe) {
    size_t shown = 0;
    for (const auto& entry : entries) {
      if (shown == most) {
        line("", fmt::format("and {} more ({} has them all)", entries.size() - shown, whole_));
        return;
      }
      line(shown == 0 ? heading : "", describe(entry));
      ++shown;
    }
  }
  std::string take() { return std::move(text_); }

 private:
  std::string_view whole_;
  std::string text_;
};

void add_macs(Page& page, const QuantizeReport& report) {
  if (report.macs > 0) {
    page.line("int8", fmt::format("{} of {} multiply-accumulates against weights{}",
                                  share_text(report.macs_quantized, report.macs),
                                  count_text(report.macs), predicted_share(report)));
  }
  if (report.macs_unknown > 0) {
    page.line(
        report.macs > 0 ? "" : "int8",
        fmt::format("{} nodes whose sizes are not known are not counted", report.macs_unknown));
  }
}

// The first of each operator and reason, with the number of its like and the multiply-accumulates
// of them all. Those with the most come first, then the most frequent.
std::vector<std::string> by_kind(const std::vector<FloatNode>& nodes) {
  struct Group {
    const FloatNode* first;
    int64_t macs;
    size_t count;
  };
  std::vector<Group> groups;
  for (const auto& node : nodes) {
    const auto like = std::ranges::find_if(groups, [&](const Group& group) {
      return group.first->op_type == node.op_type && group.first->reason == node.reason;
    });
    if (like == groups.end()) {
      groups.push_back({&node, node.macs, 1});
    } else {
      like->macs += node.macs;
      ++like->count;
    }
  }
  std::ranges::stable_sort(groups, [](const Group& a, const Group& b) {
    return std::pair(a.macs, a.count) > std::pair(b.macs, b.count);
  });
  std::vector<std::string> lines;
  for (const auto& [node, macs, count] : groups) {
    std::string line =
        node->op_type.empty() ? node->node : fmt::format("{} \"{}\"", node->op_type, node->node);
    if (count > 1) line += fmt::format(" and {} more", count - 1);
    if (macs > 0) line += fmt::format(" ({} multiply-accumulates)", count_text(macs));
    lines.push_back(fmt::format("{}: {}", line, node->reason));
  }
  return lines;
}

void add_error(Page& page, const QuantizeReport& report) {
  if (!report.judging_samples) {
    if (report.mode == "static") {
      page.line("output error", "not measured: there are no samples (--calibration)");
    }
    return;
  }
  const auto lowest = std::ranges::min_element(report.output_errors, {}, &OutputNote::sqnr_db);
  if (lowest == report.output_errors.end()) return;
  const std::string on = report.were_held_back
                             ? fmt::format("{} held-back samples", *report.judging_samples)
                             : fmt::format("{} calibration samples (too few to hold any back)",
                                           *report.judging_samples);
  page.line(
      "output error",
      fmt::format("{} signal to noise at \"{}\"{}, on {}", decibels(lowest->sqnr_db),
                  lowest->output, report.output_errors.size() > 1 ? ", the worst output" : "", on));
}

// Each step with what it gained, in the order in which they were tried.
void add_steps(Page& page, const QuantizeReport& report) {
  bool first = true;
  for (const auto& step : report.steps) {
    const std::string gained =
        first ? fmt::format("{:.1f} dB", step.score_db)
              : fmt::format("{:+.1f} dB{}", step.gained_db, step.kept ? "" : ", taken back");
    page.line(first ? "steps" : "",
              fmt::format("{:<36} {}, {:.1f} s", step.name, gained, step.seconds));
    first = false;
  }
}

void add_time(Page& page, const QuantizeReport& report) {
  constexpr double kWorthNaming = 0.05;
  std::string times;
  double total = 0;
  for (const auto& [step, seconds] : report.seconds) {
    total += seconds;
    if (seconds < kWorthNaming) continue;
    times += fmt::format("{}{} {:.1f} s", times.empty() ? ": " : ", ", step, seconds);
  }
  page.line("time", fmt::format("{:.1f} s{}", total, times));
}

}  // namespace

double QuantizeReport::lowest_sqnr_db() const {
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& error : output_errors) lowest = std::min(lowest, error.sqnr_db);
  return lowest;
}

std::string to_text(const QuantizeReport& report, size_t most) {
  const bool is_plan = report.mode == "plan";
  Page page(is_plan ? "the plan" : "--json");
  page.line("model", report.output.empty() ? report.model
                                           : fmt::format("{} -> {}", report.model, report.output));
  page.line("target", report.is_run_in_tests
                          ? report.target
                          : report.target + " (its rules are checked; it was not run)");
  page.list("prepared", report.prepared, most, [](const auto& line) { return line; });
  if (report.samples > 0) {
    std::string samples =
        fmt::format("{} to calibrate, {} held back", report.samples - report.samples_held_back,
                    report.samples_held_back);
    if (report.samples_skipped > 0) samples += fmt::format(", {} skipped", report.samples_skipped);
    page.line("samples", samples);
  }
  page.list("note", report.notes, report.notes.size(), [](const auto& line) { return line; });
  const bool has_activations = report.mode == "static" || is_plan;
  page.line("quantized", has_activations
                             ? fmt::format("{} of {} nodes, {} tensors", report.nodes_quantized,
                                           report.nodes, report.tensors_quantized)
                             : fmt::format("{} weights", report.tensors_quantized));
  add_macs(page, report);
  page.list("in float", by_kind(report.in_float), most, [](const auto& line) { return line; });
  page.list("not fused", by_kind(report.not_in_integers), most,
            [](const auto& line) { return line; });
  page.list("wide ranges", report.wasteful, most, [](const RangeNote& note) {
    return fmt::format("\"{}\": outliers leave {:.1f} % of the codes to 99.9 % of the values",
                       note.tensor, 100 * note.use.covered_by_most);
  });
  page.list("saturating", report.saturating, most, [](const RangeNote& note) {
    return fmt::format("\"{}\": {:.2f} % of the values are cut off", note.tensor,
                       100 * note.use.saturated);
  });
  if (!report.flattened.empty()) {
    page.line("cut off", fmt::format("without loss, in {} tensors: values that SiLU, GELU, "
                                     "HardSwish or Softmax would make 0",
                                     report.flattened.size()));
  }
  if (report.size_after > 0) {
    page.line("size", fmt::format("{} -> {} ({:.0f} %)", size_text(report.size_before),
                                  size_text(report.size_after),
                                  100.0 * static_cast<double>(report.size_after) /
                                      static_cast<double>(report.size_before)));
  }
  add_steps(page, report);
  add_error(page, report);
  add_time(page, report);
  return page.take();
}

std::string to_json(const QuantizeReport& report) {
  using Json = nlohmann::ordered_json;
  Json json{{"model", report.model},
            {"output", report.output},
            {"target", report.target},
            {"target_is_run_in_tests", report.is_run_in_tests},
            {"mode", report.mode},
            {"prepared", report.prepared},
            {"notes", report.notes},
            {"samples", report.samples},
            {"samples_held_back", report.samples_held_back},
            {"samples_skipped", report.samples_skipped},
            {"tensors_quantized", report.tensors_quantized},
            {"nodes_quantized", report.nodes_quantized},
            {"nodes", report.nodes},
            {"macs", report.macs},
            {"macs_quantized", report.macs_quantized},
            {"macs_unknown_nodes", report.macs_unknown},
            {"int8_share", report.macs > 0 ? static_cast<double>(report.macs_quantized) /
                                                 static_cast<double>(report.macs)
                                           : 0.0},
            {"macs_run_in_int8", nullptr},
            {"in_float", Json::array()},
            {"not_in_integers", Json::array()},
            {"wasteful_ranges", Json::array()},
            {"saturating_ranges", Json::array()},
            {"cut_without_loss", Json::array()},
            {"size_before", report.size_before},
            {"size_after", report.size_after},
            {"steps", Json::array()},
            {"output_error", nullptr},
            {"seconds", Json::object()}};
  if (report.macs_run_in_int8) json["macs_run_in_int8"] = *report.macs_run_in_int8;
  const auto add_nodes = [&](const char* key, const std::vector<FloatNode>& nodes) {
    for (const auto& node : nodes) {
      json[key].push_back({{"node", node.node},
                           {"op_type", node.op_type},
                           {"reason", node.reason},
                           {"macs", node.macs}});
    }
  };
  add_nodes("in_float", report.in_float);
  add_nodes("not_in_integers", report.not_in_integers);
  const auto ranges = [](const std::vector<RangeNote>& notes) {
    Json list = Json::array();
    for (const auto& note : notes) {
      list.push_back({{"tensor", note.tensor},
                      {"covered", note.use.covered},
                      {"covered_by_most", note.use.covered_by_most},
                      {"saturated", note.use.saturated},
                      {"flattened", note.use.flattened}});
    }
    return list;
  };
  json["wasteful_ranges"] = ranges(report.wasteful);
  json["saturating_ranges"] = ranges(report.saturating);
  json["cut_without_loss"] = ranges(report.flattened);
  if (report.judging_samples) {
    Json error{{"samples", *report.judging_samples},
               {"held_back", report.were_held_back},
               {"lowest_sqnr_db", json_number(report.lowest_sqnr_db())},
               {"outputs", Json::array()}};
    for (const auto& output : report.output_errors) {
      error["outputs"].push_back(
          {{"output", output.output}, {"sqnr_db", json_number(output.sqnr_db)}});
    }
    json["output_error"] = std::move(error);
  }
  for (const auto& step : report.steps) {
    json["steps"].push_back({{"step", step.name},
                             {"score_db", step.score_db},
                             {"gained_db", step.gained_db},
                             {"seconds", step.seconds},
                             {"kept", step.kept}});
  }
  for (const auto& [step, seconds] : report.seconds) json["seconds"][step] = seconds;
  constexpr int kIndent = 2;
  return json.dump(kIndent) + "\n";
}

}  // namespace zp
