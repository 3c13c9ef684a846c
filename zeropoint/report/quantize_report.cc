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

// Lines with a heading in the first column, as all of the command's pages have them.
class Page {
 public:
  void line(std::string_view heading, const std::string& text) {
    text_ += fmt::format("{:<12} {}\n", heading, text);
  }
  // The first `most` of a list, and how many more there are.
  template <class List, class Describe>
  void list(std::string_view heading, const List& entries, size_t most, const Describe& describe) {
    size_t shown = 0;
    for (const auto& entry : entries) {
      if (shown == most) {
        line("", fmt::format("and {} more (--json has them all)", entries.size() - shown));
        return;
      }
      line(shown == 0 ? heading : "", describe(entry));
      ++shown;
    }
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

double QuantizeReport::lowest_sqnr_db() const {
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& error : output_errors) lowest = std::min(lowest, error.sqnr_db);
  return lowest;
}

std::string to_text(const QuantizeReport& report, size_t most) {
  Page page;
  page.line("model", fmt::format("{} -> {}", report.model, report.output));
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
  page.line("quantized", report.mode == "static"
                             ? fmt::format("{} of {} nodes, {} tensors", report.nodes_quantized,
                                           report.nodes, report.tensors_quantized)
                             : fmt::format("{} weights", report.tensors_quantized));
  if (report.macs > 0) {
    page.line("int8", fmt::format("{:.1f} % of the {:.3g} M multiply-accumulates against weights",
                                  100.0 * static_cast<double>(report.macs_quantized) /
                                      static_cast<double>(report.macs),
                                  static_cast<double>(report.macs) / 1e6));
  }
  page.list("in float", report.in_float, most, [](const FloatNode& node) {
    const std::string name =
        node.op_type.empty() ? node.node : fmt::format("{} \"{}\"", node.op_type, node.node);
    return fmt::format("{}: {}", name, node.reason);
  });
  page.list("wide ranges", report.wasteful, most, [](const RangeNote& note) {
    return fmt::format("\"{}\": 99.9 % of the values share {:.1f} % of the codes", note.tensor,
                       100 * note.use.covered_by_most);
  });
  page.list("saturating", report.saturating, most, [](const RangeNote& note) {
    return fmt::format("\"{}\": {:.2f} % of the values are cut off", note.tensor,
                       100 * note.use.saturated);
  });
  page.line("size", fmt::format("{} -> {} ({:.0f} %)", size_text(report.size_before),
                                size_text(report.size_after),
                                100.0 * static_cast<double>(report.size_after) /
                                    static_cast<double>(report.size_before)));
  if (report.judging_samples) {
    const std::string on = report.were_held_back
                               ? fmt::format("{} held-back samples", *report.judging_samples)
                               : fmt::format("{} calibration samples (too few to hold any back)",
                                             *report.judging_samples);
    const auto lowest = std::ranges::min_element(report.output_errors, {}, &OutputNote::sqnr_db);
    if (lowest != report.output_errors.end()) {
      page.line("output error",
                fmt::format("{} signal to noise at \"{}\"{}, on {}", decibels(lowest->sqnr_db),
                            lowest->output,
                            report.output_errors.size() > 1 ? ", the worst output" : "", on));
    }
  } else if (report.mode == "static") {
    page.line("output error", "not measured: there are no samples (--calibration)");
  }
  std::string times;
  double total = 0;
  for (const auto& [step, seconds] : report.seconds) {
    times += fmt::format("{}{} {:.1f} s", times.empty() ? "" : ", ", step, seconds);
    total += seconds;
  }
  page.line("time", fmt::format("{:.1f} s: {}", total, times));
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
            {"int8_share", report.macs > 0 ? static_cast<double>(report.macs_quantized) /
                                                 static_cast<double>(report.macs)
                                           : 0.0},
            {"in_float", Json::array()},
            {"wasteful_ranges", Json::array()},
            {"saturating_ranges", Json::array()},
            {"size_before", report.size_before},
            {"size_after", report.size_after},
            {"output_error", nullptr},
            {"seconds", Json::object()}};
  for (const auto& node : report.in_float) {
    json["in_float"].push_back({{"node", node.node},
                                {"op_type", node.op_type},
                                {"reason", node.reason},
                                {"macs", node.macs}});
  }
  const auto ranges = [](const std::vector<RangeNote>& notes) {
    Json list = Json::array();
    for (const auto& note : notes) {
      list.push_back({{"tensor", note.tensor},
                      {"covered", note.use.covered},
                      {"covered_by_most", note.use.covered_by_most},
                      {"saturated", note.use.saturated}});
    }
    return list;
  };
  json["wasteful_ranges"] = ranges(report.wasteful);
  json["saturating_ranges"] = ranges(report.saturating);
  if (report.judging_samples) {
    Json error{{"samples", *report.judging_samples},
               {"held_back", report.were_held_back},
               {"lowest_sqnr_db", json_number(report.lowest_sqnr_db())},
               {"outputs", Json::array()}};
    for (const auto& output : report.output_errors) {
      error["outputs"].push_back({{"output", output.output}, {"sqnr_db", json_number(output.sqnr_db)}});
    }
    json["output_error"] = std::move(error);
  }
  for (const auto& [step, seconds] : report.seconds) json["seconds"][step] = seconds;
  constexpr int kIndent = 2;
  return json.dump(kIndent) + "\n";
}

}  // namespace zp
