#include "zeropoint/kernels/int8_instructions.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

namespace zp::kernels {
namespace {

// What Linux lists, in the order in which we prefer them.
TEST(Int8Instructions, AreTheBestThatTheOperatingSystemLists) {
  std::ifstream info("/proc/cpuinfo");
  std::set<std::string> flags;
  for (std::string line; std::getline(info, line);) {
    if (!line.starts_with("flags") && !line.starts_with("Features")) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;) flags.insert(word);
    break;
  }
  if (flags.empty()) GTEST_SKIP() << "/proc/cpuinfo lists no features here";
#if defined(__x86_64__)
  const std::pair<const char*, Int8Instructions> known[] = {
      {"amx_int8", Int8Instructions::kAmx},     {"avx512_vnni", Int8Instructions::kAvx512Vnni},
      {"avx_vnni", Int8Instructions::kAvxVnni}, {"avx512bw", Int8Instructions::kAvx512},
      {"avx2", Int8Instructions::kAvx2},        {"fpu", Int8Instructions::kX86}};
#elif defined(__aarch64__)
  const std::pair<const char*, Int8Instructions> known[] = {
      {"i8mm", Int8Instructions::kI8mm},
      {"asimddp", Int8Instructions::kDotProduct},
      {"asimd", Int8Instructions::kArm}};
#else
  GTEST_SKIP() << "an architecture without a list";
#endif
  for (const auto& [flag, instructions] : known) {
    if (!flags.contains(flag)) continue;
    EXPECT_EQ(name(int8_instructions()), name(instructions));
    return;
  }
  FAIL() << "none of the features is listed";
}

}  // namespace
}  // namespace zp::kernels
