#include "zeropoint/data/labels.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "zeropoint/base/file.h"
#include "zeropoint/data/parse.h"

namespace zp {
namespace {

namespace fs = std::filesystem;

struct Line {
  int64_t number = 0;
  std::string file = {};  // "" in the first form
  int64_t label = 0;
};

tl::unexpected<Error> wrong(const Line& line, std::string what) {
  return invalid_data(fmt::format("line {}: {}", line.number, std::move(what)));
}

Result<std::vector<Line>> parse(std::string_view text) {
  std::vector<Line> lines;
  int64_t number = 0;
  for (const std::string_view raw : split(text, '\n')) {
    Line line{.number = ++number};
    const std::string_view whole = trim(raw);
    if (whole.empty()) continue;
    const size_t gap = whole.find_last_of(" \t,");
    const size_t digits = gap == std::string_view::npos ? 0 : gap + 1;
    const auto label = parse_whole(whole.substr(digits));
    if (!label || *label < 0) {
      return wrong(
          line, fmt::format("\"{}\": expected a class index, or a file and a class index", whole));
    }
    line.label = *label;
    std::string_view file = trim(whole.substr(0, digits));
    if (file.ends_with(',')) file = trim(file.substr(0, file.size() - 1));
    if (digits > 0 && file.empty()) return wrong(line, "no file before the class index");
    line.file = fs::path(file).lexically_normal().generic_string();
    if (!lines.empty() && lines.front().file.empty() != line.file.empty()) {
      return wrong(line, fmt::format("{} a file, unlike line {}",
                                     line.file.empty() ? "without" : "with", lines.front().number));
    }
    lines.push_back(std::move(line));
  }
  if (lines.empty()) return invalid_data("holds no labels");
  return lines;
}

Result<std::vector<int64_t>> by_order(const std::vector<Line>& lines, const SampleSource& source) {
  if (static_cast<int64_t>(lines.size()) != source.found()) {
    return invalid_data(fmt::format("{} labels for {} samples", lines.size(), source.found()));
  }
  std::vector<int64_t> labels;
  for (const SampleItem& item : source.items()) {
    labels.push_back(lines[static_cast<size_t>(item.position)].label);
  }
  return labels;
}

std::string last_part(const std::string& name) { return fs::path(name).filename().string(); }

Result<std::vector<int64_t>> by_file(const std::vector<Line>& lines, const SampleSource& source) {
  std::map<std::string, const Line*> given;
  for (const Line& line : lines) {
    const auto [found, is_new] = given.emplace(line.file, &line);
    if (!is_new && found->second->label != line.label) {
      return wrong(line, fmt::format("\"{}\" has another label in line {}", line.file,
                                     found->second->number));
    }
  }
  // By the last part alone, where all lines with it agree.
  std::map<std::string, const Line*> given_last;
  for (const Line& line : lines) {
    const auto [found, is_new] = given_last.emplace(last_part(line.file), &line);
    const bool agree = is_new || (found->second && found->second->label == line.label);
    if (!agree) found->second = nullptr;
  }
  std::map<std::string, int64_t> last_parts;  // how many of the samples' files have it
  for (const SampleFile& file : source.files()) ++last_parts[last_part(file.name)];

  const auto find = [&](const std::string& name, const std::string& row) -> const Line* {
    const std::string normal = fs::path(name).lexically_normal().generic_string();
    if (const auto found = given.find(normal + row); found != given.end()) return found->second;
    const std::string last = last_part(normal);
    if (last_parts[last] > 1) return nullptr;
    const auto found = given_last.find(last + row);
    return found != given_last.end() ? found->second : nullptr;
  };
  std::vector<int64_t> labels;
  for (const SampleItem& item : source.items()) {
    const std::string& name = source.files()[item.file].name;
    const Line* line = find(name, item.row ? fmt::format("[{}]", *item.row) : "");
    if (line == nullptr) return invalid_data("no label for sample " + source.name(item));
    labels.push_back(line->label);
  }
  return labels;
}

}  // namespace

Result<std::vector<int64_t>> read_labels(const fs::path& path, const SampleSource& source) {
  ZP_ASSIGN_OR_RETURN(const auto bytes, read_file(path));
  const auto read = [&]() -> Result<std::vector<int64_t>> {
    ZP_ASSIGN_OR_RETURN(const auto lines,
                        parse({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
    return lines.front().file.empty() ? by_order(lines, source) : by_file(lines, source);
  };
  auto labels = read();
  if (!labels) return tl::unexpected<Error>(std::move(labels).error().at(path.string()));
  return labels;
}

}  // namespace zp
