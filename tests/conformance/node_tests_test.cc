// Every node test in node_tests.txt and earlier_node_tests.txt, bit for bit.
#include "tests/conformance/node_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace zp::conformance {

// For the output of GoogleTest.
void PrintTo(const ListedTest& test, std::ostream* stream) { *stream << test.name; }

namespace {

namespace fs = std::filesystem;

const fs::path kSource = ZP_SOURCE_DIR "/tests/conformance";
const fs::path kWritten = ZP_NODE_TESTS;                               // of the onnx package
const fs::path kEarlier = ZP_SOURCE_DIR "/../shared/onnx-node-tests";  // of an earlier version

std::vector<std::string> names(const std::vector<ListedTest>& tests) {
  std::vector<std::string> all;
  for (const ListedTest& test : tests) all.push_back(test.name);
  return all;
}

void run(const fs::path& folder, const ListedTest& test) {
  if (!test.not_run.empty()) GTEST_SKIP() << test.not_run;
  EXPECT_EQ(run_node_test(folder / test.name), "");
}

std::string test_name(const testing::TestParamInfo<ListedTest>& info) { return info.param.name; }

class OnnxPackage : public testing::TestWithParam<ListedTest> {};

TEST_P(OnnxPackage, NodeTest) {
  if (!fs::exists(kWritten)) GTEST_SKIP() << "the onnx package has not written its node tests";
  run(kWritten, GetParam());
}
INSTANTIATE_TEST_SUITE_P(Listed, OnnxPackage,
                         testing::ValuesIn(read_list(kSource / "node_tests.txt")), test_name);

class EarlierOnnx : public testing::TestWithParam<ListedTest> {};

TEST_P(EarlierOnnx, NodeTest) {
  if (!fs::exists(kEarlier)) GTEST_SKIP() << "no folder " << kEarlier;
  run(kEarlier, GetParam());
}
INSTANTIATE_TEST_SUITE_P(Listed, EarlierOnnx,
                         testing::ValuesIn(read_list(kSource / "earlier_node_tests.txt")),
                         test_name);

// The numbers guard the lists themselves: 33 of (de)quantization, 60 of Cast, 112 of CastLike.
TEST(NodeTestLists, AreAsLongAsTheyWere) {
  const std::vector<ListedTest> package = read_list(kSource / "node_tests.txt");
  const std::vector<ListedTest> earlier = read_list(kSource / "earlier_node_tests.txt");
  const auto runs = [](const ListedTest& test) { return test.not_run.empty(); };
  EXPECT_EQ(std::ranges::count_if(package, runs), 205);
  EXPECT_EQ(std::ranges::count_if(earlier, runs), 63);
}

TEST(NodeTestLists, NameEveryTestOfTheOnnxPackage) {
  if (!fs::exists(kWritten)) GTEST_SKIP() << "the onnx package has not written its node tests";
  EXPECT_THAT(names(read_list(kSource / "node_tests.txt")),
              testing::UnorderedElementsAreArray(names(read_list(kWritten / "index.txt"))));
}

TEST(NodeTestLists, NameEveryTestOfTheEarlierOnnx) {
  if (!fs::exists(kEarlier)) GTEST_SKIP() << "no folder " << kEarlier;
  std::vector<std::string> present;
  for (const auto& entry : fs::directory_iterator(kEarlier)) {
    if (entry.is_directory()) present.push_back(entry.path().filename().string());
  }
  EXPECT_THAT(names(read_list(kSource / "earlier_node_tests.txt")),
              testing::UnorderedElementsAreArray(present));
}

}  // namespace
}  // namespace zp::conformance
