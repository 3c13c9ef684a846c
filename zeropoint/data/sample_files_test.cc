#include "zeropoint/data/sample_files.h"

#include "tests/support/temporary_folder.h"
#include "zeropoint/data/test_files.h"

namespace zp {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Result<SampleFiles> find(const fs::path& path) { return find_sample_files(std::vector{path}); }

std::vector<std::string> names(const Result<SampleFiles>& found) {
  if (!found) return {found.error().message};
  std::vector<std::string> all;
  for (const SampleFile& file : found->files) all.push_back(file.name);
  return all;
}

TEST(FindSampleFiles, GoesInByteOrderOfTheRelativePath) {
  const TemporaryFolder folder;
  for (const char* name : {"b.npy", "a/2.npy", "a/10.PNG", "a.npz", "B.jpeg", "\xc3\xa4.pb"}) {
    write(folder / name, "");
  }
  const std::vector<std::string> expected{"B.jpeg",  "a.npz", "a/10.PNG",
                                          "a/2.npy", "b.npy", "\xc3\xa4.pb"};
  EXPECT_EQ(names(find(folder.path())), expected);
  EXPECT_EQ(names(find(folder.path() / "")), expected);
}

TEST(FindSampleFiles, HiddenFilesAreSkippedAndOthersCounted) {
  const TemporaryFolder folder;
  for (const char* name : {"a.npy", ".DS_Store", ".cache/b.npy", "README", "x.txt", "y.txt"}) {
    write(folder / name, "");
  }
  const auto found = find(folder.path()).value();
  EXPECT_EQ(found.files.size(), 1U);
  EXPECT_THAT(found.ignored, ElementsAre(Pair("", 1), Pair(".txt", 2)));
}

TEST(FindSampleFiles, ATestDataFolderIsOneSample) {
  const TemporaryFolder folder;
  for (const char* name :
       {"test_data_set_0/input_0.pb", "test_data_set_0/output_0.pb", "test_data_set_1/input_0.pb",
        "test_data_set_1/input_1.pb", "x.pb", "model.onnx"}) {
    write(folder / name, "");
  }
  const auto found = find(folder.path());
  EXPECT_THAT(names(found), ElementsAre("test_data_set_0", "test_data_set_1", "x.pb"));
  EXPECT_EQ(found->files[1].kind, FileKind::kTestData);
  EXPECT_THAT(names(find(folder / "test_data_set_1")), ElementsAre("test_data_set_1"));
}

TEST(FindSampleFiles, LinksAreFollowedButNotRoundInCircles) {
  const TemporaryFolder folder;
  write(folder / "data/a.npy", "");
  write(folder / "elsewhere/b.npy", "");
  fs::create_directory_symlink(folder / "elsewhere", folder / "data/link");
  fs::create_directory_symlink(folder / "data", folder / "elsewhere/back");
  EXPECT_THAT(names(find(folder / "data")), ElementsAre("a.npy", "link/b.npy"));
}

TEST(FindSampleFiles, AListHasPathsRelativeToItself) {
  const TemporaryFolder folder;
  write(folder / "images/b.png", "");
  write(folder / "sets/test_data_set_0/input_0.pb", "");
  write(folder / "list.txt", "images/b.png\r\n\n  missing.npy\nsets\n");
  const auto found = find(folder / "list.txt");
  EXPECT_THAT(names(found), ElementsAre("images/b.png", "missing.npy", "test_data_set_0"));
  EXPECT_EQ(found->files[0].path, folder / "images/b.png");
}

TEST(FindSampleFiles, AListNamesTheLineThatIsNoSample) {
  const TemporaryFolder folder;
  write(folder / "list.txt", "a.npy\nb.gif\n");
  EXPECT_THAT(message(find(folder / "list.txt")),
              testing::AllOf(HasSubstr("list.txt line 2: "), HasSubstr("b.gif: no kind of file"),
                             HasSubstr(".npy, .npz, .pb, .jpg, .jpeg, .png")));
  write(folder / "list.txt", "\n\n");
  EXPECT_THAT(message(find(folder / "list.txt")), HasSubstr("the list is empty"));
}

TEST(FindSampleFiles, SeveralPathsGoInTheirOrder) {
  const TemporaryFolder folder;
  write(folder / "z/1.npy", "");
  write(folder / "a.npy", "");
  EXPECT_THAT(names(find_sample_files(std::vector{folder / "z", folder / "a.npy"})),
              ElementsAre("1.npy", "a.npy"));
}

TEST(FindSampleFiles, NothingUsableIsAnErrorThatSaysWhatIsRead) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "empty");
  EXPECT_THAT(message(find(folder / "empty")),
              HasSubstr("empty: no samples in this folder (it is empty); read are .npy, .npz, .pb, "
                        ".jpg, .jpeg, .png"));
  write(folder / "other/a.bmp", "");
  EXPECT_THAT(message(find(folder / "other")), HasSubstr("(it holds 1 .bmp)"));
  EXPECT_THAT(message(find(folder / "none")), HasSubstr("none: could not open: No such file"));
  EXPECT_THAT(message(find_sample_files({})), HasSubstr("no folder or file of samples is given"));
}

}  // namespace
}  // namespace zp
