// Figures as reports print them.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace zp {

// "812 B", "45.2 kB", "14.25 MB", "3.10 GB": powers of 1000.
std::string size_text(size_t bytes);

// JSON has no infinities and no NaN: in their place stand the strings "inf", "-inf", "nan".
nlohmann::ordered_json json_number(double value);

}  // namespace zp
