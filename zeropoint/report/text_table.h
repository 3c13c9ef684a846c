// Tables for the terminal.
#pragma once

#include <string>
#include <vector>

namespace zp {

enum class Align { kLeft, kRight };

struct TableColumn {
  Align align = Align::kLeft;
  size_t least_width = 0;
};

// The rows below each other, columns as wide as their widest cell (in characters, UTF-8 counted by
// code points) and two blanks apart, without blanks at the ends of lines. Rows may have fewer cells
// than there are columns.
std::string text_table(const std::vector<TableColumn>& columns,
                       const std::vector<std::vector<std::string>>& rows);

}  // namespace zp
