// The recorded cases of the command: each file in tests/explain/cases is a command line and all
// that it says, as a terminal would show it:
//
//   $ zeropoint explain --range 2:1 --type uint8
//   <standard output>
//   [standard error]
//   zeropoint: range [2, 1]: reversed, expected min <= max
//   [exit status 2]
//
// without the parts that are empty or 0.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace zp {

struct Case {
  std::string name;     // the file's, without ".txt"
  std::string command;  // the first line, without "$ "
  std::string text;     // the whole file
};

std::string read_text(const std::filesystem::path& path);

std::filesystem::path case_path(const std::string& name);

// All of them, by name.
std::vector<Case> read_cases();

}  // namespace zp
