// Figures as reports print them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace zp {

// "812 B", "45.2 kB", "14.25 MB", "3.10 GB": powers of 1000.
std::string size_text(size_t bytes);

// "812", "45.2 k", "41.03 M", "1.14 G": powers of 1000.
std::string count_text(int64_t count);

// "29.4 %"; what is not all never shows as 100 %. Of nothing: "0 %".
std::string share_text(int64_t part, int64_t all);

// JSON has no infinities and no NaN: in their place stand the strings "inf", "-inf", "nan".
nlohmann::ordered_json json_number(double value);

}  // namespace zp
