#include "tests/layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <regex>
#include <sstream>

namespace zp {
namespace {

// The folders from which the project's own headers are included.
constexpr std::array<std::string_view, 4> kOwnFolders = {"zeropoint/", "apps/", "tests/", "bench/"};

bool is_own(std::string_view header) {
  return std::any_of(kOwnFolders.begin(), kOwnFolders.end(),
                     [&](std::string_view folder) { return header.starts_with(folder); });
}

bool is_test(std::string_view path) {
  return path.starts_with("tests/") || path.ends_with("_test.cc");
}

// "base" of "zeropoint/base/error.h", "apps" of "apps/zeropoint/main.cc"; nothing where the path is
// in no layer's folder.
std::optional<std::string> layer_of(std::string_view path) {
  if (path.starts_with("apps/")) return "apps";
  constexpr std::string_view kLibrary = "zeropoint/";
  if (!path.starts_with(kLibrary)) return std::nullopt;
  path.remove_prefix(kLibrary.size());
  return std::string(path.substr(0, path.find('/')));
}

// What is wrong when a source at path includes header, or nothing.
std::optional<std::string> check_layer(const LayerTable& layers, std::string_view path,
                                       const std::string& header) {
  const auto from = layer_of(path);
  const auto to = layer_of(header);
  for (const auto& layer : {from, to}) {
    if (layer && !layers.contains(*layer)) {
      return fmt::format("layer {} is not in tests/layers.txt", *layer);
    }
  }
  if (!is_test(path) && is_test(header)) return "only tests include from tests/";
  if (!from || from == to) return std::nullopt;
  if (!to) {
    return is_test(path) ? std::nullopt
                         : std::optional(fmt::format("a layer includes layers, not {}", header));
  }
  const int from_level = layers.find(*from)->second;
  const int to_level = layers.find(*to)->second;
  if (to_level < from_level) return std::nullopt;
  return fmt::format("layer {} may not include {}: it is {}", *from, *to,
                     to_level == from_level ? "a neighbour" : "a higher layer");
}

}  // namespace

Result<LayerTable> parse_layers(std::string_view text) {
  LayerTable layers;
  std::istringstream lines{std::string(text)};
  int level = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    bool any = false;
    for (std::string layer; words >> layer; any = true) {
      if (!layers.emplace(layer, level).second) {
        return invalid_data(fmt::format("layer {}: listed twice, expected once", layer));
      }
    }
    if (any) ++level;
  }
  return layers;
}

std::vector<std::string> check_includes(const LayerTable& layers, std::string_view path,
                                        std::string_view source) {
  static const std::regex kInclude(R"(\s*#\s*include\s*([<"])([^>"]+)[>"].*)");
  std::vector<std::string> violations;
  std::istringstream lines{std::string(source)};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::smatch match;
    if (!std::regex_match(line, match, kInclude)) continue;
    const bool quoted = match[1] == "\"";
    const std::string header = match[2];
    std::optional<std::string> violation;
    if (quoted != is_own(header)) {
      violation = quoted ? "expected a path from the root, or <> for another library's header"
                         : "expected quotes around the project's own header";
    } else if (quoted) {
      violation = check_layer(layers, path, header);
    }
    if (violation) {
      violations.push_back(fmt::format("{}:{}: {}: {}", path, number, header, *violation));
    }
  }
  return violations;
}

}  // namespace zp
