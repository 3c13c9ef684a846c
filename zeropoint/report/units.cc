#include "zeropoint/report/units.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace zp {

std::string size_text(size_t bytes) {
  const auto size = static_cast<double>(bytes);
  if (size < 1e3) return fmt::format("{} B", bytes);
  if (size < 1e6) return fmt::format("{:.1f} kB", size / 1e3);
  if (size < 1e9) return fmt::format("{:.2f} MB", size / 1e6);
  return fmt::format("{:.2f} GB", size / 1e9);
}

std::string count_text(int64_t count) {
  const auto value = static_cast<double>(count);
  if (value < 1e3) return fmt::format("{}", count);
  if (value < 1e6) return fmt::format("{:.1f} k", value / 1e3);
  if (value < 1e9) return fmt::format("{:.2f} M", value / 1e6);
  return fmt::format("{:.2f} G", value / 1e9);
}

std::string share_text(int64_t part, int64_t all) {
  if (all == 0) return "0 %";
  const double share = 100 * static_cast<double>(part) / static_cast<double>(all);
  return part != all && share > 99.9 ? "99.9 %" : fmt::format("{:.3g} %", share);
}

nlohmann::ordered_json json_number(double value) {
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

}  // namespace zp
