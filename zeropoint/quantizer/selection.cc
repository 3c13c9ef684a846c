#include "zeropoint/quantizer/selection.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <numeric>
#include <set>
#include <string_view>
#include <utility>

#include "zeropoint/graph/visit.h"

namespace zp {
namespace {

constexpr std::string_view kOpPrefix = "op:";
constexpr size_t kSuggestions = 3;

const std::string& name_of(const onnx::NodeProto& node) {
  return node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name();
}

bool matches_glob(std::string_view glob, std::string_view text) {
  size_t g = 0;
  size_t t = 0;
  // Where to go on when the text does not fit: the last star, and what it has not swallowed yet.
  size_t star = std::string_view::npos;
  size_t after_star = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      after_star = t;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t])) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++after_star;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

// Levenshtein's: insertions, deletions and replacements of one character.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

// The names of `candidates` nearest to `text`, nearest first; ties in alphabetical order.
std::vector<std::string> nearest(std::string_view text, const std::set<std::string>& candidates) {
  std::vector<std::pair<size_t, std::string>> ranked;
  for (const auto& name : candidates) ranked.emplace_back(edit_distance(text, name), name);
  const auto count = std::min(kSuggestions, ranked.size());
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<ptrdiff_t>(count), ranked.end());
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.push_back(fmt::format("\"{}\"", ranked[i].second));
  return names;
}

tl::unexpected<Error> matches_nothing(std::string_view which, const std::string& pattern,
                                      const onnx::GraphProto& graph) {
  const bool by_op = pattern.starts_with(kOpPrefix);
  std::set<std::string> candidates;
  for_each_graph(graph, [&](const onnx::GraphProto& g) {
    for (const auto& node : g.node()) {
      candidates.insert((by_op ? std::string(kOpPrefix) : "") + node.op_type());
      if (!by_op) candidates.insert(name_of(node));
    }
  });
  const auto names = nearest(pattern, candidates);
  return invalid_argument(fmt::format("{} pattern \"{}\" matches no node of the model{}{}", which,
                                      pattern, names.empty() ? "" : "; the nearest names are ",
                                      fmt::join(names, ", ")));
}

Status check(std::string_view which, const std::vector<std::string>& patterns,
             const onnx::GraphProto& graph) {
  for (const auto& pattern : patterns) {
    bool found = false;
    for_each_graph(graph, [&](const onnx::GraphProto& g) {
      found = found || std::ranges::any_of(
                           g.node(), [&](const auto& node) { return matches(pattern, node); });
    });
    if (!found) return matches_nothing(which, pattern, graph);
  }
  return {};
}

}  // namespace

bool matches(const std::string& pattern, const onnx::NodeProto& node) {
  if (pattern.starts_with(kOpPrefix)) {
    return matches_glob(std::string_view(pattern).substr(kOpPrefix.size()), node.op_type());
  }
  return matches_glob(pattern, name_of(node)) || pattern == node.op_type();
}

Result<Selection> Selection::make(const onnx::GraphProto& graph, std::vector<std::string> include,
                                  std::vector<std::string> exclude) {
  ZP_RETURN_IF_ERROR(check("include", include, graph));
  ZP_RETURN_IF_ERROR(check("exclude", exclude, graph));
  Selection selection;
  selection.include_ = std::move(include);
  selection.exclude_ = std::move(exclude);
  return selection;
}

bool Selection::contains(const onnx::NodeProto& node) const {
  const auto hits = [&](const std::string& pattern) { return matches(pattern, node); };
  return (include_.empty() || std::ranges::any_of(include_, hits)) &&
         std::ranges::none_of(exclude_, hits);
}

}  // namespace zp
