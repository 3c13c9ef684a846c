// The layers include downwards only; tests/layers.txt says what down is.
#include "tests/layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "zeropoint/base/file.h"

namespace zp {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

std::string text_of(const fs::path& path) {
  const auto bytes = read_file(path);
  if (!bytes) {
    ADD_FAILURE() << bytes.error().message;
    return {};
  }
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

const LayerTable kTable = {{"base", 0}, {"graph", 1}, {"observe", 1}, {"plan", 2}, {"apps", 3}};

TEST(LayerTable, HasOneLevelALine) {
  const auto table = parse_layers("# lowest first\nbase\n\ngraph observe  # neighbours\nplan\n");
  ASSERT_TRUE(table);
  EXPECT_THAT(*table, UnorderedElementsAre(Pair("base", 0), Pair("graph", 1), Pair("observe", 1),
                                           Pair("plan", 2)));
}

TEST(LayerTable, RefusesALayerListedTwice) {
  const auto table = parse_layers("base\ngraph base\n");
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().message, "layer base: listed twice, expected once");
}

TEST(CheckIncludes, AllowsLowerLayersAndTheOwnOne) {
  EXPECT_THAT(check_includes(kTable, "zeropoint/plan/plan.cc",
                             "#include \"zeropoint/plan/plan.h\"\n"
                             "#include <vector>\n"
                             "#include <fmt/format.h>\n"
                             "#include \"zeropoint/graph/graph.h\"\n"
                             "  #  include \"zeropoint/base/error.h\"  // why\n"),
              IsEmpty());
  EXPECT_THAT(check_includes(kTable, "apps/zeropoint/main.cc",
                             "#include \"apps/zeropoint/explain.h\"\n"
                             "#include \"zeropoint/plan/plan.h\"\n"),
              IsEmpty());
}

TEST(CheckIncludes, FindsAHigherLayer) {
  EXPECT_THAT(check_includes(kTable, "zeropoint/base/error.h",
                             "#pragma once\n#include \"zeropoint/plan/plan.h\"\n"),
              ElementsAre("zeropoint/base/error.h:2: zeropoint/plan/plan.h: layer base may not "
                          "include plan: it is a higher layer"));
  EXPECT_THAT(
      check_includes(kTable, "zeropoint/plan/plan.cc", "#include \"apps/zeropoint/explain.h\"\n"),
      ElementsAre(HasSubstr("a higher layer")));
}

TEST(CheckIncludes, FindsANeighbour) {
  EXPECT_THAT(check_includes(kTable, "zeropoint/graph/graph_test.cc",
                             "#include \"zeropoint/observe/observer.h\"\n"),
              ElementsAre(HasSubstr("layer graph may not include observe: it is a neighbour")));
}

TEST(CheckIncludes, FindsAPathThatIsNotFromTheRoot) {
  for (const char* line : {"#include \"error.h\"\n", "#include \"../base/error.h\"\n",
                           "#include \"fmt/format.h\"\n"}) {
    EXPECT_THAT(check_includes(kTable, "zeropoint/base/error.cc", line),
                ElementsAre(HasSubstr("expected a path from the root")))
        << line;
  }
  EXPECT_THAT(check_includes(kTable, "zeropoint/plan/plan.cc", "#include <zeropoint/base/error.h>"),
              ElementsAre(HasSubstr("expected quotes")));
}

TEST(CheckIncludes, FindsALayerThatIsNotInTheTable) {
  EXPECT_THAT(check_includes(kTable, "zeropoint/plan/plan.cc", "#include \"zeropoint/new/a.h\"\n"),
              ElementsAre(HasSubstr("layer new is not in tests/layers.txt")));
  EXPECT_THAT(check_includes(kTable, "zeropoint/new/a.cc", "#include \"zeropoint/base/error.h\"\n"),
              ElementsAre(HasSubstr("layer new is not in tests/layers.txt")));
}

TEST(CheckIncludes, KeepsTestHelpersOutOfTheLibrary) {
  constexpr std::string_view kLine = "#include \"tests/support/temporary_folder.h\"\n";
  EXPECT_THAT(check_includes(kTable, "zeropoint/base/file_test.cc", kLine), IsEmpty());
  EXPECT_THAT(check_includes(kTable, "zeropoint/base/file.cc", kLine),
              ElementsAre(HasSubstr("only tests include from tests/")));
  EXPECT_THAT(check_includes(kTable, "zeropoint/base/file.cc", "#include \"bench/copy.h\"\n"),
              ElementsAre(HasSubstr("a layer includes layers")));
}

TEST(CheckIncludes, LetsBenchAndTestsIncludeEveryLayer) {
  EXPECT_THAT(check_includes(kTable, "bench/copy.cc", "#include \"zeropoint/plan/plan.h\"\n"),
              IsEmpty());
  EXPECT_THAT(check_includes(kTable, "tests/x_test.cc", "#include \"zeropoint/plan/plan.h\"\n"),
              IsEmpty());
}

TEST(Layers, OfThisProjectIncludeDownwardsOnly) {
  const fs::path root = ZP_SOURCE_DIR;
  const auto table = parse_layers(text_of(root / "tests/layers.txt"));
  ASSERT_TRUE(table) << table.error().message;

  constexpr std::array<std::string_view, 4> kSuffixes = {".h", ".cc", ".hpp", ".inc"};
  int sources = 0;
  for (const char* folder : {"zeropoint", "apps", "bench", "tests"}) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string suffix = entry.path().extension().string();
      if (std::find(kSuffixes.begin(), kSuffixes.end(), suffix) == kSuffixes.end()) continue;
      ++sources;
      const std::string path = fs::relative(entry.path(), root).string();
      for (const std::string& violation : check_includes(*table, path, text_of(entry.path()))) {
        ADD_FAILURE() << violation;
      }
    }
  }
  EXPECT_GT(sources, 20) << "the sources were not found under " << root;
}

TEST(Layers, EachHasItsFolderInTheTable) {
  const fs::path root = ZP_SOURCE_DIR;
  const auto table = parse_layers(text_of(root / "tests/layers.txt"));
  ASSERT_TRUE(table) << table.error().message;
  for (const auto& entry : fs::directory_iterator(root / "zeropoint")) {
    if (!entry.is_directory()) continue;
    EXPECT_TRUE(table->contains(entry.path().filename().string())) << entry.path();
  }
}

}  // namespace
}  // namespace zp
