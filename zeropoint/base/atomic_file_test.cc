#include "zeropoint/base/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "tests/support/temporary_folder.h"

namespace zp {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string text_in(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// Within its life no file of this process grows beyond the limit: the nearest that a test without
// rights of its own comes to a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit = {.rlim_cur = bytes, .rlim_max = old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_ = {};
  void (*old_handler_)(int);
};

TEST(AtomicFile, WritesANewFileInPieces) {
  const TemporaryFolder folder;
  auto file = AtomicFile::create(folder / "out");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE(file->write(bytes_of("zero")));
  EXPECT_TRUE(file->write({}));
  EXPECT_TRUE(file->write(bytes_of("point")));
  EXPECT_FALSE(fs::exists(folder / "out")) << "it shows before it is whole";
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(text_in(folder / "out"), "zeropoint");
  EXPECT_THAT(folder.names(), ElementsAre("out"));
}

TEST(AtomicFile, LeavesTheOldFileUntilCommit) {
  const TemporaryFolder folder;
  std::ofstream(folder / "out") << "old";
  auto file = AtomicFile::create(folder / "out").value();
  ASSERT_TRUE(file.write(bytes_of("new")));
  EXPECT_EQ(text_in(folder / "out"), "old");
  ASSERT_TRUE(file.commit());
  EXPECT_EQ(text_in(folder / "out"), "new");
  EXPECT_THAT(folder.names(), ElementsAre("out"));
}

TEST(AtomicFile, LeavesNothingBehindWithoutCommit) {
  const TemporaryFolder folder;
  {
    auto file = AtomicFile::create(folder / "out").value();
    const AtomicFile moved = std::move(file);
    EXPECT_EQ(folder.names().size(), 1);
  }
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(AtomicFile, KeepsTheOldFileWhenTheDiskIsFull) {
  const TemporaryFolder folder;
  std::ofstream(folder / "out") << "old";
  const std::string large(20000, 'x');
  Status status;
  {
    const FileSizeLimit limit(8192);
    status = write_file(folder / "out", bytes_of(large));
  }
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kIo);
  EXPECT_EQ(status.error().message,
            (folder / "out").string() + ": could not write: File too large");
  EXPECT_EQ(text_in(folder / "out"), "old");
  EXPECT_THAT(folder.names(), ElementsAre("out"));
}

TEST(AtomicFile, CannotBeCommittedAfterAFailedWrite) {
  const TemporaryFolder folder;
  auto file = AtomicFile::create(folder / "out").value();
  {
    const FileSizeLimit limit(4);
    EXPECT_FALSE(file.write(bytes_of("zeropoint")));
  }
  EXPECT_FALSE(file.write(bytes_of("zero")));
  const Status status = file.commit();
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("given up after an error"));
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(AtomicFile, NamesTheTargetWhoseFolderIsMissing) {
  const TemporaryFolder folder;
  const Status status = write_file(folder / "none/out", bytes_of("new"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            (folder / "none/out").string() +
                ": could not create a file beside it: No such file or directory");
}

TEST(AtomicFile, RefusesATargetThatIsNoRegularFile) {
  const TemporaryFolder folder;
  for (const fs::path& target : {folder.path(), fs::path("/dev/full")}) {
    const Status status = write_file(target, bytes_of("new"));
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, HasSubstr(target.string() + ": not a regular file"));
  }
}

TEST(AtomicFile, ReplacesTheFileBehindALink) {
  const TemporaryFolder folder;
  std::ofstream(folder / "real") << "old";
  fs::create_symlink("real", folder / "link");
  ASSERT_TRUE(write_file(folder / "link", bytes_of("new")));
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(text_in(folder / "real"), "new");
}

TEST(AtomicFile, GivesTheUsualPermissionsOrKeepsTheOldOnes) {
  const TemporaryFolder folder;
  const mode_t mask = ::umask(027);
  EXPECT_TRUE(write_file(folder / "fresh", bytes_of("new")));
  ::umask(mask);
  EXPECT_EQ(static_cast<int>(fs::status(folder / "fresh").permissions()), 0640);
  std::ofstream(folder / "old") << "old";
  fs::permissions(folder / "old", fs::perms{0604});
  ASSERT_TRUE(write_file(folder / "old", bytes_of("new")));
  EXPECT_EQ(static_cast<int>(fs::status(folder / "old").permissions()), 0604);
}

}  // namespace
}  // namespace zp
