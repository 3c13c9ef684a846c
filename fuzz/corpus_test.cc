#include <gmock/gmock.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "fuzz/load_model.h"

namespace zp {
namespace {

using ::testing::HasSubstr;

std::map<std::string, std::string> corpus() {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(ZP_SOURCE_DIR "/fuzz/corpus")) {
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().stem()] = {std::istreambuf_iterator<char>(file), {}};
  }
  return files;
}

TEST(FuzzCorpus, EveryModelIsPreparedOrRefusedAsItShouldBe) {
  const auto files = corpus();
  EXPECT_GE(files.size(), 19U);
  for (const auto& [name, bytes] : files) {
    const std::string error = load_and_prepare(bytes);
    if (name == "external") {
      EXPECT_THAT(error, HasSubstr("No such file"));
    } else if (name == "sparse") {
      EXPECT_THAT(error, HasSubstr("ONNX's checker"));
    } else {
      EXPECT_EQ(error, "") << name;
    }
  }
}

TEST(FuzzCorpus, EveryPrefixGivesAnAnswer) {
  for (const auto& [name, bytes] : corpus()) {
    for (size_t size = 0; size < bytes.size(); size += 3) {
      load_and_prepare(std::string_view(bytes).substr(0, size));
    }
  }
}

}  // namespace
}  // namespace zp
