#include "zeropoint/data/labels.h"

#include "tests/support/temporary_folder.h"
#include "zeropoint/data/test_files.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Labels : public testing::Test {
 protected:
  Labels() {
    for (const char* name : {"data/a/1.npy", "data/a/2.npy", "data/b/2.npy", "data/b/3.npy"}) {
      write(folder_ / name, float_npy("(2, 1)", {1, 2}));
    }
  }

  Result<std::vector<int64_t>> read(std::string_view text, SampleOptions options = {}) {
    write(folder_ / "labels.txt", text);
    const auto source = SampleSource::open(std::vector{folder_ / "data"},
                                           {{"x", DataType::kFloat, {-1, 1}}}, std::move(options));
    return read_labels(folder_ / "labels.txt", source.value());
  }

  TemporaryFolder folder_;
};

TEST_F(Labels, OneALineGoesInTheOrderOfTheSamples) {
  EXPECT_THAT(read("7\n0\r\n\n 12 \n3").value(), ElementsAre(7, 0, 12, 3));
}

TEST_F(Labels, ChosenSamplesKeepTheirs) {
  EXPECT_THAT(read("7\n0\n12\n3\n", {.count = 2}).value(), ElementsAre(7, 12));
}

TEST_F(Labels, FilesAreFoundByPathOrByTheirLastPart) {
  EXPECT_THAT(read("b/3.npy 3\n./a/2.npy, 2\na/1.npy\t1\nb/2.npy,22\nc/9.npy 9\n").value(),
              ElementsAre(1, 2, 22, 3));
  EXPECT_THAT(read("3.npy 3\na/2.npy 2\nelsewhere/1.npy 1\nb/2.npy 22\n").value(),
              ElementsAre(1, 2, 22, 3));
}

TEST_F(Labels, RowsAreCountedOrNamed) {
  SampleOptions rows{.array_file = ArrayFile::kManyRows};
  EXPECT_THAT(read("0\n1\n2\n3\n4\n5\n6\n7\n", rows).value(), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  rows.count = 2;
  EXPECT_THAT(read("a/1.npy[0] 4\nb/2.npy[0] 5\n", rows).value(), ElementsAre(4, 5));
}

TEST_F(Labels, ErrorsNameTheFileAndTheLine) {
  EXPECT_THAT(message(read("1\nx\n")), HasSubstr("labels.txt: line 2: \"x\": expected a class"));
  EXPECT_THAT(message(read("-1\n")), HasSubstr("line 1: \"-1\": expected a class index"));
  EXPECT_THAT(message(read("1\n\na/1.npy 1\n")), HasSubstr("line 3: with a file, unlike line 1"));
  EXPECT_THAT(message(read("a/1.npy 1\na/1.npy 2\n")),
              HasSubstr("line 2: \"a/1.npy\" has another label in line 1"));
  EXPECT_THAT(message(read("1\n2\n")), HasSubstr("labels.txt: 2 labels for 4 samples"));
  EXPECT_THAT(message(read("a/1.npy 1\n2.npy 1\n")), HasSubstr("no label for sample a/2.npy"));
  EXPECT_THAT(message(read("x/1.npy 1\ny/1.npy 2\na/2.npy 1\nb/2.npy 1\n3.npy 1\n")),
              HasSubstr("no label for sample a/1.npy"));
  EXPECT_THAT(message(read("\n")), HasSubstr("holds no labels"));
  EXPECT_THAT(message(read("1\n2\n3\n99999999999999999999\n")), HasSubstr("line 4"));
}

}  // namespace
}  // namespace zp
