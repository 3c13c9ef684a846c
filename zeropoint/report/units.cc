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

nlohmann::ordered_json json_number(double value) {
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

}  // namespace zp
