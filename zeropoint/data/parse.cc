#include "zeropoint/data/parse.h"

#include <charconv>
#include <cmath>

namespace zp {
namespace {

template <class T>
std::optional<T> parse_all(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::optional<int64_t> parse_whole(std::string_view text) { return parse_all<int64_t>(text); }

std::optional<float> parse_float(std::string_view text) {
  std::optional<float> value;
  if (const size_t slash = text.find('/'); slash == std::string_view::npos) {
    value = parse_all<float>(text);
  } else {
    const auto over = parse_all<double>(text.substr(0, slash));
    const auto under = parse_all<double>(text.substr(slash + 1));
    if (over && under) value = static_cast<float>(*over / *under);
  }
  return value && std::isfinite(*value) ? value : std::nullopt;
}

}  // namespace zp
