// The command as its users meet it: whole outputs, recorded in tests/explain/cases (cases.h).
//
// A new case is a file with its first line alone. To write all files anew from what the command
// says now, run the test with ZEROPOINT_REGENERATE=1:
//
//   ZEROPOINT_REGENERATE=1 build/release/bin/explain_test
//
// and read the difference before committing it: each number is to follow from docs/numerics.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/explain/cases.h"
#include "tests/explain/run_program.h"

namespace zp {
namespace {

// "zeropoint explain ...", with the program's path for its name.
std::vector<std::string> arguments_of(const std::string& command) {
  std::vector<std::string> arguments;
  std::istringstream emulator(ZP_EMULATOR);
  for (std::string word; emulator >> word;) arguments.push_back(word);
  std::istringstream words(command);
  std::string word;
  words >> word;
  arguments.emplace_back(ZP_PROGRAM);
  while (words >> word) arguments.push_back(word);
  return arguments;
}

// As a case file has it.
std::string transcript(const std::string& command) {
  const ProgramResult result = run_program(arguments_of(command));
  std::string text = "$ " + command + "\n" + result.out;
  if (!result.err.empty()) text += "[standard error]\n" + result.err;
  if (result.exit_status != 0) {
    text += "[exit status " + std::to_string(result.exit_status) + "]\n";
  }
  return text;
}

class ExplainCase : public testing::TestWithParam<Case> {};

TEST_P(ExplainCase, SaysWhatIsRecorded) {
#ifndef ZP_WITH_ONNX
  if (GetParam().name == "help") GTEST_SKIP() << "built without ONNX: fewer commands to list";
#endif
  const std::string text = transcript(GetParam().command);
  const char* regenerate = std::getenv("ZEROPOINT_REGENERATE");
  if (regenerate != nullptr && std::string(regenerate) == "1") {
    std::ofstream(case_path(GetParam().name), std::ios::binary) << text;
  } else {
    EXPECT_EQ(text, GetParam().text);
  }
}

INSTANTIATE_TEST_SUITE_P(Recorded, ExplainCase, testing::ValuesIn(read_cases()),
                         [](const auto& info) { return info.param.name; });

std::set<std::string> recorded_commands() {
  std::set<std::string> commands;
  for (const Case& one : read_cases()) commands.insert(one.command);
  return commands;
}

// Every "zeropoint explain --..." in a text file, up to the end of its line or its quotation.
std::vector<std::string> commands_in(const std::string& file) {
  const std::string text = read_text(std::filesystem::path(ZP_SOURCE_DIR) / file);
  std::vector<std::string> commands;
  for (size_t at = text.find("zeropoint explain --range"); at != std::string::npos;
       at = text.find("zeropoint explain --range", at + 1)) {
    commands.push_back(text.substr(at, text.find_first_of("`\n", at) - at));
  }
  return commands;
}

class Document : public testing::TestWithParam<const char*> {};

TEST_P(Document, EveryCommandOfItIsRecorded) {
  const auto commands = commands_in(GetParam());
  EXPECT_FALSE(commands.empty());
  for (const std::string& command : commands) {
    EXPECT_TRUE(recorded_commands().contains(command)) << command;
  }
}

INSTANTIATE_TEST_SUITE_P(Explain, Document,
                         testing::Values("README.md", "examples/explain.txt", "docs/numerics.md"));

TEST(Explain, TheReadmeShowsWhatIsRecorded) {
  const std::string readme = read_text(std::filesystem::path(ZP_SOURCE_DIR) / "README.md");
  const auto cases = read_cases();
  size_t shown = 0;
  for (size_t at = readme.find("```\n$ zeropoint"); at != std::string::npos;
       at = readme.find("```\n$ zeropoint", at + 1)) {
    const size_t start = at + 4;
    const std::string block = readme.substr(start, readme.find("```", start) - start);
    ++shown;
    EXPECT_TRUE(std::any_of(cases.begin(), cases.end(), [&](const Case& one) {
      return one.text == block;
    })) << block;
  }
  EXPECT_GT(shown, 0U);
}

TEST(Explain, BadArgumentsLeaveOneLineOnStandardErrorAndNothingOnStandardOutput) {
  const ProgramResult result = run_program([] {
    auto arguments = arguments_of("zeropoint explain --type uint8 --range");
    arguments.emplace_back("1\n2");
    return arguments;
  }());
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1);
  EXPECT_TRUE(result.err.ends_with("\n"));
}

TEST(Explain, OutputThatCannotBeWrittenIsAnError) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const ProgramResult result =
      run_program(arguments_of("zeropoint explain --range 0:1 --type uint8"), "/dev/full");
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_EQ(result.err, "zeropoint: standard output: No space left on device\n");
}

TEST(Explain, AnUnknownTargetInTheEnvironmentIsABadArgument) {
  setenv("ZEROPOINT_TARGET", "ABACUS", 1);
  const ProgramResult result =
      run_program(arguments_of("zeropoint explain --range 0:1 --type uint8"));
  unsetenv("ZEROPOINT_TARGET");
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_TRUE(result.err.starts_with("zeropoint: ZEROPOINT_TARGET: ")) << result.err;
}

}  // namespace
}  // namespace zp
