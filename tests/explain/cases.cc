#include "tests/explain/cases.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace zp {

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::filesystem::path case_path(const std::string& name) {
  return std::filesystem::path(ZP_SOURCE_DIR) / "tests/explain/cases" / (name + ".txt");
}

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  for (const auto& entry : std::filesystem::directory_iterator(case_path("").parent_path())) {
    Case one{entry.path().stem().string(), "", read_text(entry.path())};
    const size_t start = std::min<size_t>(2, one.text.size());  // after "$ "
    one.command = one.text.substr(start, one.text.find('\n') - start);
    cases.push_back(one);
  }
  std::sort(cases.begin(), cases.end(),
            [](const Case& a, const Case& b) { return a.name < b.name; });
  return cases;
}

}  // namespace zp
