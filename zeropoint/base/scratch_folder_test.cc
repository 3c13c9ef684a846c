#include "zeropoint/base/scratch_folder.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

namespace zp {
namespace {

TEST(ScratchFolder, IsGoneWithItsContent) {
  std::filesystem::path path;
  {
    const auto folder = ScratchFolder::create();
    ASSERT_TRUE(folder) << folder.error().message;
    path = folder->path();
    EXPECT_EQ(path.parent_path(), scratch_root());
    std::ofstream(path / "file") << "text";
    EXPECT_TRUE(std::filesystem::exists(path / "file"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ScratchFolder, ARootThatIsNotThereIsNamed) {
  const char* before = std::getenv("TMPDIR");
  const std::string saved = before ? before : "";
  ::setenv("TMPDIR", "/no/such/folder", 1);
  const auto folder = ScratchFolder::create();
  if (before) {
    ::setenv("TMPDIR", saved.c_str(), 1);
  } else {
    ::unsetenv("TMPDIR");
  }
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().message, ::testing::HasSubstr("/no/such/folder"));
}

}  // namespace
}  // namespace zp
