#include "zeropoint/report/compare_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "zeropoint/report/text_table.h"
#include "zeropoint/report/units.h"

namespace zp {
namespace {

// "OpenVINO 2026.4.1" of "OpenVINO 2026.4.1-22982-e213a147257".
std::string short_name(const std::string& engine) { return engine.substr(0, engine.find('-')); }

using Rows = std::vector<std::vector<std::string>>;

constexpr size_t kHeading = 12;  // the first column's width, as in all pages

double share(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

std::string percent(double share) { return fmt::format("{:.2f} %", 100 * share); }

std::string noise_text(const OutputError& error, double db) {
  if (error.samples() > 0 && error.shape_mismatches() == error.samples()) return "other shapes";
  if (db == std::numeric_limits<double>::infinity()) return "exact";
  if (error.destroyed() > 0) return "destroyed";
  if (db == -std::numeric_limits<double>::infinity()) return "no signal";
  return fmt::format("{:.1f} dB", db);
}

std::string worst_text(const ComparedValue& value) {
  const auto& worst = value.error.worst();
  if (!worst) return "";
  const bool is_float = value.error.kind() == ValueKind::kFloat;
  const bool is_best = is_float ? std::isinf(worst->score) && worst->score > 0 : worst->score == 1;
  if (is_best) return "";
  if (!is_float) return fmt::format("{} ({} equal)", value.worst_sample, percent(worst->score));
  return std::isfinite(worst->score)
             ? fmt::format("{} ({:.1f} dB)", value.worst_sample, worst->score)
             : value.worst_sample;
}

std::vector<std::string> value_cells(const ComparedValue& value) {
  const OutputError& error = value.error;
  if (error.kind() == ValueKind::kOther) {
    return {percent(error.equal_share()) + " equal", "", "", worst_text(value)};
  }
  return {noise_text(error, error.sqnr_db()), fmt::format("{:.6f}", error.cosine()),
          fmt::format("{:.3g}", error.max_abs_difference()), worst_text(value)};
}

// What the table's cells cannot say.
void add_remarks(const OutputError& error, std::string& text) {
  if (error.destroyed() > 0) {
    text += fmt::format(
        "\"{}\": {} of {} elements are infinite or NaN in one of the two models only{}\n",
        error.name(), error.destroyed(), error.elements(),
        error.kind() == ValueKind::kFloat && error.destroyed() < error.elements()
            ? fmt::format("; {} without them",
                          std::isfinite(error.finite_sqnr_db())
                              ? fmt::format("{:.1f} dB", error.finite_sqnr_db())
                              : "exact")
            : "");
  }
  if (error.shape_mismatches() > 0) {
    text += fmt::format(
        "\"{}\": {} of {} samples have another shape in the two models; they are in no figure\n",
        error.name(), error.shape_mismatches(), error.samples());
  }
}

std::string values_text(const CompareReport& report) {
  Rows rows{{"output", "signal to noise", "cosine", "largest error", "worst sample"}};
  for (const ComparedValue& value : report.comparison.outputs) {
    std::vector<std::string> row = value_cells(value);
    row.insert(row.begin(), value.error.name());
    rows.push_back(std::move(row));
  }
  std::string text = text_table(
      {{Align::kLeft, kHeading}, {Align::kRight}, {Align::kRight}, {Align::kRight}, {Align::kLeft}},
      rows);
  for (const ComparedValue& value : report.comparison.outputs) add_remarks(value.error, text);
  return text;
}

std::string tensors_text(const ComparedTensors& tensors) {
  Rows rows{{"tensor", "made by", "signal to noise", "cosine", "largest error", "worst sample"}};
  for (size_t i = 0; i < tensors.values.size(); ++i) {
    std::vector<std::string> row = value_cells(tensors.values[i]);
    row.insert(row.begin(), {tensors.pairs[i].name, tensors.pairs[i].op_type});
    rows.push_back(std::move(row));
  }
  std::string text = text_table({{Align::kLeft, kHeading},
                                 {Align::kLeft},
                                 {Align::kRight},
                                 {Align::kRight},
                                 {Align::kRight},
                                 {Align::kLeft}},
                                rows);
  for (const ComparedValue& value : tensors.values) add_remarks(value.error, text);
  text +=
      "Inner tensors are computed as the quantized model is written, in the order of the float "
      "model.\n";
  if (tensors.unmatched > 0) {
    text += fmt::format("{} more of the float model are not in the quantized one.\n",
                        tensors.unmatched);
  }
  return text;
}

std::string points(double difference) { return fmt::format("{:+.2f}", 100 * difference); }

void add_accuracy(const Accuracy& accuracy, Rows& rows, std::vector<std::string>& footnotes) {
  const Classification& counts = accuracy.counts;
  const auto row = [&](const char* name, int64_t reference, int64_t quantized) {
    const double difference = share(quantized - reference, counts.samples);
    rows.push_back({name, percent(share(reference, counts.samples)),
                    percent(share(quantized, counts.samples)),
                    points(difference == 0 ? 0 : difference) + " points"});
  };
  row("top-1", counts.reference_top1, counts.quantized_top1);
  rows.back().back() += fmt::format(", 95 % interval {} to {}", points(accuracy.difference.low),
                                    points(accuracy.difference.high));
  if (counts.classes > 5) row("top-5", counts.reference_top5, counts.quantized_top5);
  rows.push_back(
      {"agreement", "", percent(share(counts.agreeing, counts.samples)),
       fmt::format("right in one alone: float {}, quantized {} (McNemar p = {:.3g})",
                   counts.only_reference_right, counts.only_quantized_right, accuracy.mcnemar_p)});
  footnotes.push_back(
      fmt::format("Classes of {} samples from output \"{}\"; the interval is for paired samples "
                  "(Bonett and Price).",
                  counts.samples, accuracy.output));
}

std::string milliseconds(double seconds) { return fmt::format("{:.3g} ms", 1e3 * seconds); }

std::string speedup_text(const LatencyPair& latency) {
  const Spread& speedup = latency.speedup;
  const std::string quartiles = fmt::format("{:.2f} to {:.2f}", speedup.low, speedup.high);
  switch (faster(latency)) {
    case Faster::kQuantized:
      return fmt::format("{:.2f} times as fast ({})", speedup.median, quartiles);
    case Faster::kReference:
      return fmt::format("not faster on this machine: {:.2f} times as fast ({})", speedup.median,
                         quartiles);
    case Faster::kUnclear:
      return fmt::format("not clearly faster on this machine: {:.2f} times as fast ({})",
                         speedup.median, quartiles);
  }
  return "";
}

void add_latency(const CompareReport& report, const LatencyPair& latency, Rows& rows,
                 std::vector<std::string>& footnotes) {
  rows.push_back({"latency", milliseconds(latency.reference_seconds.median),
                  milliseconds(latency.quantized_seconds.median), speedup_text(latency)});
  footnotes.push_back(fmt::format(
      "Latency in {}, one thread, in turns: medians and quartiles of {}. This processor "
      "has {}.",
      short_name(report.engine), latency.turns, report.instructions));
}

std::string both_text(const CompareReport& report) {
  Rows rows{{"", "float", "quantized"}};
  std::vector<std::string> footnotes;
  const Comparison& comparison = report.comparison;
  if (comparison.accuracy) add_accuracy(*comparison.accuracy, rows, footnotes);
  rows.push_back({"size", size_text(report.reference.size), size_text(report.quantized.size),
                  fmt::format("{:.0f} %", 100.0 * static_cast<double>(report.quantized.size) /
                                              static_cast<double>(report.reference.size))});
  if (comparison.latency) add_latency(report, *comparison.latency, rows, footnotes);
  std::string text = text_table(
      {{Align::kLeft, kHeading}, {Align::kRight}, {Align::kRight}, {Align::kLeft}}, rows);
  for (const std::string& footnote : footnotes) text += footnote + "\n";
  return text;
}

std::string head_text(const CompareReport& report) {
  Rows rows{{"float", report.reference.path},
            {"quantized", report.quantized.path},
            {"samples", fmt::to_string(report.comparison.samples)},
            {"executed",
             report.quantized_mode == ExecutionMode::kInt8
                 ? "with integers, by " + short_name(report.engine)
                 : "as written, in float between quantizers, by " + short_name(report.engine)}};
  if (!report.comparison.skipped.empty()) {
    rows[2][1] += fmt::format(", {} skipped", report.comparison.skipped.size());
  }
  constexpr size_t kMost = 5;
  for (const std::string& note : report.notes) rows.push_back({"note", note});
  for (size_t i = 0; i < std::min(kMost, report.comparison.skipped.size()); ++i) {
    rows.push_back({"skipped", report.comparison.skipped[i].message});
  }
  if (report.comparison.skipped.size() > kMost) {
    rows.push_back({"", fmt::format("and {} more (--json has them all)",
                                    report.comparison.skipped.size() - kMost)});
  }
  return text_table({{Align::kLeft, kHeading}, {Align::kLeft}}, rows);
}

}  // namespace

std::string to_text(const CompareReport& report) {
  std::string text = head_text(report);
  text += '\n';
  text += values_text(report);
  text += '\n';
  text += both_text(report);
  if (report.comparison.tensors) {
    text += '\n';
    text += tensors_text(*report.comparison.tensors);
  }
  return text;
}

}  // namespace zp
