#include "apps/zeropoint/inspect_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "apps/zeropoint/number_text.h"
#include "zeropoint/report/units.h"

namespace zp::app {
namespace {

constexpr size_t kMostListed = 10;
constexpr size_t kMostNamed = 3;
constexpr size_t kWidestName = 40;

std::string_view title(Runtime runtime) {
  return runtime == Runtime::kOnnxRuntime ? "ONNX Runtime" : "OpenVINO";
}

std::string shortened(const std::string& text) {
  if (text.size() <= kWidestName) return text;
  return fmt::format("...{}", std::string_view(text).substr(text.size() - kWidestName + 3));
}

// Lines with a heading in the first column, as all of the command's pages have them.
class Page {
 public:
  void line(std::string_view heading, std::string_view text) {
    text_ += fmt::format("{:<12} {}\n", heading, text);
  }
  void raw(const std::string& text) { text_ += text; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// Columns as wide as their widest entry; the last one is not padded.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) { add(std::move(heading)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const {
    std::vector<size_t> widths(rows_[0].size());
    for (const auto& row : rows_) {
      for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (const auto& row : rows_) {
      std::string line;
      for (size_t i = 0; i < row.size(); ++i) {
        line += i + 1 < row.size() ? fmt::format("{:<{}}  ", row[i], widths[i]) : row[i];
      }
      line.erase(line.find_last_not_of(' ') + 1);
      text += "  " + line + "\n";
    }
    return text;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::string origin(const Inspection& inspection) {
  std::string text;
  const auto ours = inspection.metadata.find("zeropoint.version");
  if (ours != inspection.metadata.end()) text = ours->second + ", ";
  if (!inspection.producer.empty()) text += "from " + inspection.producer + ", ";
  for (const auto& [domain, version] : inspection.opsets) {
    text += domain.empty() ? fmt::format("opset {}, ", version)
                           : fmt::format("{} {}, ", domain, version);
  }
  return text + fmt::format("IR {}", inspection.ir_version);
}

std::string constants(const ConstantSizes& sizes) {
  std::vector<std::string> parts;
  const auto add = [&](size_t size, std::string_view what) {
    if (size > 0) parts.push_back(fmt::format("{} {}", size_text(size), what));
  };
  add(sizes.floats, "float");
  add(sizes.int8, "int8");
  add(sizes.below_8_bits, "below 8 bits");
  add(sizes.int16, "int16");
  add(sizes.int32, "int32");
  add(sizes.others, "other");
  return parts.empty() ? "" : fmt::format("; constants {}", fmt::join(parts, ", "));
}

// "29 int8 per channel, 2 uint8 per tensor".
template <class List>
std::string forms(const List& entries) {
  std::map<std::pair<std::string_view, std::string>, int> counts;
  for (const auto& entry : entries) {
    const ScaleSummary& scales = entry.scales;
    std::string granularity(name(scales.granularity));
    if (scales.granularity == Granularity::kBlocked) {
      granularity = fmt::format("in blocks of {}", scales.block_size);
    }
    ++counts[{name(scales.type), granularity}];
  }
  std::vector<std::string> parts;
  for (const auto& [form, count] : counts) {
    parts.push_back(fmt::format("{} {} {}", count, form.first, form.second));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

void add_macs(Page& page, const Inspection& inspection) {
  static constexpr std::pair<ProductKind, std::string_view> kKinds[] = {
      {ProductKind::kWeights, "against weights"},
      {ProductKind::kActivations, "of two activations"},
      {ProductKind::kRecurrent, "in recurrent layers"}};
  const std::string_view heading = inspection.is_quantized() ? "int8" : "operations";
  bool first = true;
  for (const auto& [kind, what] : kKinds) {
    const auto found = inspection.macs.find(kind);
    if (found == inspection.macs.end()) continue;
    const MacTotals& totals = found->second;
    if (totals.all == 0) continue;
    std::string text = fmt::format("{} multiply-accumulates {}", count_text(totals.all), what);
    if (inspection.is_quantized()) {
      text = fmt::format("{} of {}", share_text(totals.predicted_int8, totals.all), text);
      std::vector<std::string> notes;
      if (totals.written_int8 != totals.predicted_int8) {
        notes.push_back(fmt::format("{} as written", share_text(totals.written_int8, totals.all)));
      }
      if (totals.predicted_weight_only > 0) {
        notes.push_back(fmt::format("{} on integer weights, in float",
                                    share_text(totals.predicted_weight_only, totals.all)));
      }
      if (!notes.empty()) text += fmt::format(" ({})", fmt::join(notes, "; "));
    }
    page.line(first ? heading : "", text);
    first = false;
  }
  if (inspection.macs_unknown > 0) {
    page.line(first ? heading : "",
              fmt::format("{} nodes whose shapes are not known are not counted",
                          inspection.macs_unknown));
  }
}

void add_executions(Page& page, const Inspection& inspection) {
  std::map<Execution, int64_t> counts;
  for (const auto& node : inspection.nodes) ++counts[node.prediction.execution];
  std::vector<std::string> parts;
  for (const auto& [execution, count] : counts) {
    parts.push_back(fmt::format("{} {}", count, name(execution)));
  }
  const std::string_view end =
      counts.contains(Execution::kRefused) ? "; the model does not load or run there" : "";
  page.line("nodes", fmt::format("{} for {}: {}{}", inspection.nodes.size(),
                                 title(inspection.runtime), fmt::join(parts, ", "), end));
}

// A float model's operators, the most frequent first.
void add_operators(Page& page, const Inspection& inspection) {
  std::vector<std::pair<std::string, int64_t>> sorted(inspection.operators.begin(),
                                                      inspection.operators.end());
  std::ranges::stable_sort(sorted, std::ranges::greater(),
                           &std::pair<std::string, int64_t>::second);
  std::vector<std::string> parts;
  int64_t nodes = 0;
  for (const auto& [op, count] : sorted) {
    nodes += count;
    if (parts.size() < kMostListed) parts.push_back(fmt::format("{} {}", count, op));
  }
  if (sorted.size() > parts.size()) parts.emplace_back("...");
  page.line("nodes", fmt::format("{}: {}", nodes, fmt::join(parts, ", ")));
}

bool stays_in_float(const InspectedNode& node) {
  const Execution execution = node.prediction.execution;
  return execution == Execution::kFloat || execution == Execution::kRefused ||
         execution == Execution::kWeightOnly;
}

// Nodes of one operator with one reason: the first, how many there are, and what they multiply.
struct NodeGroup {
  const InspectedNode* first;
  int64_t macs = 0;
  size_t count = 0;
};

void add_to_groups(std::vector<NodeGroup>& groups, const InspectedNode& node) {
  const auto like = std::ranges::find_if(groups, [&](const NodeGroup& group) {
    return group.first->op_type == node.op_type &&
           group.first->prediction.reason == node.prediction.reason;
  });
  NodeGroup& group = like == groups.end() ? groups.emplace_back(NodeGroup{&node}) : *like;
  ++group.count;
  if (node.macs && !node.macs->is_unknown) group.macs += node.macs->macs;
}

std::string group_text(const NodeGroup& group) {
  std::string text = fmt::format("{} \"{}\"", group.first->op_type, group.first->name);
  if (group.count > 1) text += fmt::format(" and {} more", group.count - 1);
  if (group.macs > 0) text += fmt::format(" ({})", count_text(group.macs));
  return fmt::format("{}: {}", text, group.first->prediction.reason);
}

// What computes in float though it multiplies, the largest first; then what stands between
// quantizers and does not fuse.
void add_in_float(Page& page, const Inspection& inspection) {
  std::vector<NodeGroup> products;
  std::vector<NodeGroup> others;
  for (const auto& node : inspection.nodes) {
    if (!stays_in_float(node)) continue;
    const bool in_between = node.prediction.reason != "its inputs are not quantized" &&
                            node.prediction.reason != "its input is not quantized";
    if (node.macs) {
      add_to_groups(products, node);
    } else if (in_between) {
      add_to_groups(others, node);
    }
  }
  const auto add = [&](std::string_view heading, std::vector<NodeGroup>& groups) {
    std::ranges::stable_sort(groups, [](const NodeGroup& a, const NodeGroup& b) {
      return std::pair(a.macs, a.count) > std::pair(b.macs, b.count);
    });
    for (size_t i = 0; i < std::min(groups.size(), kMostListed); ++i) {
      page.line(i == 0 ? heading : "", group_text(groups[i]));
    }
    if (groups.size() > kMostListed) {
      page.line("", fmt::format("and {} more kinds (--nodes has every node)",
                                groups.size() - kMostListed));
    }
  };
  add("in float", products);
  add("not fused", others);
}

void add_weight_use(Page& page, const Inspection& inspection) {
  const InspectedWeight* fewest = nullptr;
  const InspectedWeight* saturated = nullptr;
  for (const auto& weight : inspection.weights) {
    if (weight.codes == 0 || weight.elements < weight.codes) continue;
    if (!fewest || weight.codes_used < fewest->codes_used) fewest = &weight;
    if (!saturated || weight.saturated > saturated->saturated) saturated = &weight;
  }
  if (!fewest) return;
  page.line("codes", fmt::format("the fewest used are {} of {}, by weight \"{}\"",
                                 fewest->codes_used, fewest->codes, fewest->tensor));
  if (saturated->saturated > 0) {
    page.line("", fmt::format("the most at an end are {:.2g} %, of weight \"{}\"",
                              100 * saturated->saturated, saturated->tensor));
  }
}

void add_traps(Page& page, const Inspection& inspection) {
  const auto& traps = inspection.traps;
  for (size_t i = 0; i < traps.size();) {
    const Trap trap = traps[i].trap;
    size_t end = i;
    while (end < traps.size() && traps[end].trap == trap) ++end;
    std::vector<std::string> named;
    for (size_t k = i; k < std::min(end, i + kMostNamed); ++k) {
      const FoundTrap& found = traps[k];
      named.push_back(found.detail.empty() ? fmt::format("\"{}\"", found.where)
                                           : fmt::format("\"{}\" ({})", found.where, found.detail));
    }
    if (end - i > kMostNamed) named.push_back(fmt::format("{} more", end - i - kMostNamed));
    page.line(i == 0 ? "warnings" : "", explain(trap, inspection.runtime));
    page.line("", fmt::format("  {}", fmt::join(named, ", ")));
    i = end;
  }
}

std::string node_table(const Inspection& inspection) {
  Table table({"operator", "name", "execution", "operations", "why"});
  for (const auto& node : inspection.nodes) {
    const FusionPrediction& prediction = node.prediction;
    std::string execution(name(prediction.execution));
    if (!prediction.as.empty() && prediction.as != node.op_type) execution += " " + prediction.as;
    table.add({node.op_type, shortened(node.name), execution,
               !node.macs              ? ""
               : node.macs->is_unknown ? "?"
                                       : count_text(node.macs->macs),
               prediction.reason});
  }
  return table.text();
}

std::string scale_text(const ScaleSummary& scales) {
  if (scales.count == 0) return "not constant";
  if (scales.lowest_scale == scales.highest_scale) return brief(scales.lowest_scale);
  return brief(scales.lowest_scale) + " to " + brief(scales.highest_scale);
}

std::string zero_point_text(const ScaleSummary& scales) {
  if (scales.count == 0) return "";
  if (scales.lowest_zero_point == scales.highest_zero_point) {
    return std::to_string(scales.lowest_zero_point);
  }
  return fmt::format("{} to {}", scales.lowest_zero_point, scales.highest_zero_point);
}

std::string form(const ScaleSummary& scales) {
  if (scales.granularity == Granularity::kPerTensor) return std::string(name(scales.type));
  if (scales.granularity == Granularity::kBlocked) {
    return fmt::format("{} / {}", name(scales.type), scales.block_size);
  }
  return fmt::format("{} x {}", name(scales.type), scales.count);
}

std::string activation_table(const Inspection& inspection) {
  Table table({"activation", "type", "scale", "zero point", "range"});
  for (const auto& activation : inspection.activations) {
    const ScaleSummary& scales = activation.scales;
    table.add(
        {shortened(activation.tensor), form(scales), scale_text(scales), zero_point_text(scales),
         activation.range
             ? fmt::format("{} to {}", brief(activation.range->min), brief(activation.range->max))
             : ""});
  }
  return table.text();
}

std::string weight_table(const Inspection& inspection) {
  Table table(
      {"weight", "type", "scale", "zero point", "elements", "codes", "at an end", "may saturate"});
  for (const auto& weight : inspection.weights) {
    const ScaleSummary& scales = weight.scales;
    table.add({shortened(weight.tensor), form(scales), scale_text(scales), zero_point_text(scales),
               std::to_string(weight.elements),
               weight.codes > 0 ? fmt::format("{} of {}", weight.codes_used, weight.codes) : "",
               weight.codes > 0 ? fmt::format("{:.2g} %", 100 * weight.saturated) : "",
               weight.saturating_channels
                   ? fmt::format("{} of {} channels", *weight.saturating_channels, weight.channels)
                   : ""});
  }
  return table.text();
}

}  // namespace

std::string to_text(const Inspection& inspection, Detail detail) {
  Page page;
  page.line("model", inspection.model);
  page.line("made by", origin(inspection));
  page.line("size", size_text(inspection.size) + constants(inspection.constants));
  if (!inspection.is_quantized()) {
    page.line("quantized", "nothing");
    add_operators(page, inspection);
    add_macs(page, inspection);
  } else {
    if (!inspection.weights.empty()) page.line("weights", forms(inspection.weights));
    if (!inspection.activations.empty()) page.line("activations", forms(inspection.activations));
    add_macs(page, inspection);
    add_executions(page, inspection);
    add_in_float(page, inspection);
    add_weight_use(page, inspection);
    add_traps(page, inspection);
  }
  if (inspection.has_bodies) {
    page.line("note", "the bodies of If, Loop and Scan are not looked into");
  }
  if (detail == Detail::kEverything) {
    page.raw("\n" + node_table(inspection));
    if (!inspection.weights.empty()) page.raw("\n" + weight_table(inspection));
    if (!inspection.activations.empty()) page.raw("\n" + activation_table(inspection));
  }
  return page.take();
}

}  // namespace zp::app
