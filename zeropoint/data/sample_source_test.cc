#include "zeropoint/data/sample_source.h"

#include <limits>
#include <memory>

#include "tests/support/temporary_folder.h"
#include "zeropoint/base/threads.h"
#include "zeropoint/data/skipped_samples.h"
#include "zeropoint/data/test_files.h"

namespace zp {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

InputSpec spec(std::string name, DataType type, std::vector<int64_t> dims) {
  return {std::move(name), type, std::move(dims)};
}
InputSpec floats(std::vector<int64_t> dims) { return spec("x", DataType::kFloat, std::move(dims)); }

Result<SampleSource> open(const fs::path& path, std::vector<InputSpec> inputs,
                          SampleOptions options = {}) {
  return SampleSource::open(std::vector{path}, std::move(inputs), std::move(options));
}

// Of the one input of run `index`.
std::vector<float> fed(const SampleSource& source, int64_t index) {
  const auto sample = source.load(index);
  if (!sample) {
    ADD_FAILURE() << sample.error().message;
    return {};
  }
  return elements<float>(sample->inputs.at(0).tensor);
}

std::vector<std::string> names(const SampleSource& source) {
  std::vector<std::string> all;
  for (int64_t i = 0; i < source.size(); ++i) all.push_back(source.name(i));
  return all;
}

// Files 0.npy, 1.npy ... of shape [2], which hold 10 i and 10 i + 1.
void write_pairs(const TemporaryFolder& folder, int count) {
  for (int i = 0; i < count; ++i) {
    const auto value = static_cast<float>(10 * i);
    write(folder / (std::to_string(i) + ".npy"), float_npy("(2,)", {value, value + 1}));
  }
}

TEST(SampleSource, OneFileIsOneRun) {
  const TemporaryFolder folder;
  write_pairs(folder, 3);
  const auto source = open(folder.path(), {floats({-1, 2})}).value();
  ASSERT_EQ(source.size(), 3);
  const Sample sample = source.load(2).value();
  EXPECT_EQ(sample.name, "2.npy");
  EXPECT_EQ(sample.inputs[0].name, "x");
  EXPECT_EQ(sample.inputs[0].tensor.shape().to_string(), "[1, 2]");
  EXPECT_THAT(fed(source, 2), ElementsAre(20, 21));
  EXPECT_TRUE(source.notes().empty());
}

TEST(SampleSource, TheHashTellsSamplesApartAndNothingElse) {
  const TemporaryFolder folder;
  write_pairs(folder, 2);
  // The same numbers as 0.npy in another type and under another name.
  const std::vector<double> values{0, 1};
  write(folder / "same.npy", npy_file("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2)}",
                                      std::as_bytes(std::span(values))));
  const auto source = open(folder.path(), {floats({-1, 2})}).value();
  EXPECT_EQ(source.load(0)->hash, source.load(2)->hash);
  EXPECT_NE(source.load(0)->hash, source.load(1)->hash);
  const auto renamed = open(folder.path(), {spec("y", DataType::kFloat, {-1, 2})}).value();
  EXPECT_NE(source.load(0)->hash, renamed.load(0)->hash);
}

TEST(SampleSource, ThreadsLoadWhatOneThreadLoads) {
  for (const char* name : {"deflated.npz", "little_f4.npy", "rgb.png", "rgb.jpg"}) {
    const bool picture = std::string(name).starts_with("rgb");
    const auto input = picture ? floats({-1, 3, -1, -1}) : spec("a", DataType::kFloat, {-1, 3, 4});
    const auto source = open(fixture(name), {input}).value();
    const Hash128 expected = source.load(0).value().hash;
    std::vector<Hash128> hashes(64);
    const auto status = parallel_for(std::ssize(hashes), {.threads = 4}, [&](int64_t i) -> Status {
      ZP_ASSIGN_OR_RETURN(const Sample sample, source.load(0));
      hashes[static_cast<size_t>(i)] = sample.hash;
      return {};
    });
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_THAT(hashes, testing::Each(expected)) << name;
  }
}

TEST(SampleSource, CountAndSeedChoose) {
  const TemporaryFolder folder;
  write_pairs(folder, 6);
  const auto evenly = open(folder.path(), {floats({-1, 2})}, {.count = 3}).value();
  EXPECT_THAT(names(evenly), ElementsAre("0.npy", "2.npy", "4.npy"));
  EXPECT_EQ(evenly.found(), 6);
  EXPECT_EQ(evenly.items()[1].position, 2);
  const auto random = open(folder.path(), {floats({-1, 2})}, {.count = 3, .seed = 5}).value();
  EXPECT_EQ(random.size(), 3);
  const auto many = open(folder.path(), {floats({-1, 2})}, {.count = 9}).value();
  EXPECT_EQ(many.size(), 6);
  EXPECT_THAT(many.notes(), ElementsAre("9 samples were asked for, there are 6"));
  EXPECT_THAT(message(open(folder.path(), {floats({-1, 2})}, {.count = 0})),
              HasSubstr("expected 1 or more"));
}

TEST(SampleSource, NpzAndTestDataFeedInputsByName) {
  const std::vector<InputSpec> inputs{spec("b", DataType::kInt64, {-1, 3, 4}),
                                      spec("a", DataType::kFloat, {-1, 3, 4})};
  for (const char* name : {"stored.npz", "deflated.npz", "test_data_set_0"}) {
    const auto source = open(fixture(name), inputs);
    ASSERT_TRUE(source) << source.error().message;
    const auto sample = source->load(0);
    ASSERT_TRUE(sample) << sample.error().message;
    EXPECT_EQ(sample->inputs[0].tensor.as<int64_t>()[23], 18);
    EXPECT_EQ(sample->inputs[1].tensor.as<float>()[0], -5);
  }
}

TEST(SampleSource, TestDataOfOtherNamesGoesByNumber) {
  const auto source = open(fixture("test_data_set_0"), {spec("p", DataType::kFloat, {2, 3, 4}),
                                                        spec("q", DataType::kInt64, {2, 3, 4})})
                          .value();
  const auto sample = source.load(0);
  ASSERT_TRUE(sample) << sample.error().message;
  EXPECT_EQ(sample->inputs[1].tensor.as<int64_t>()[23], 18);
}

TEST(SampleSource, AnArrayThatIsMissingIsNamed) {
  const auto source = open(fixture("stored.npz"), {spec("a", DataType::kFloat, {-1, 3, 4}),
                                                   spec("c", DataType::kFloat, {-1, 3, 4})})
                          .value();
  EXPECT_THAT(message(source.load(0)), HasSubstr("stored.npz: nothing for input \"c\"; it holds "
                                                 "\"a\", \"b\", \"labels\""));
  const auto single = open(fixture("little_f4.npy"), {spec("a", DataType::kFloat, {-1, 3, 4}),
                                                      spec("c", DataType::kFloat, {-1, 3, 4})})
                          .value();
  EXPECT_THAT(message(single.load(0)), HasSubstr("holds one array, but the model has 2 inputs: "
                                                 "\"a\", \"c\"; give .npz files"));
}

TEST(SampleSource, AnErrorNamesInputAndFile) {
  const TemporaryFolder folder;
  write(folder / "a.npy", float_npy("(2,)", {1, std::numeric_limits<float>::quiet_NaN()}));
  const auto source = open(folder.path(), {floats({-1, 2})}).value();
  EXPECT_THAT(message(source.load(0)),
              AllOf(HasSubstr("input \"x\" of "), HasSubstr("a.npy: contains NaN at element 1")));
  const auto wrong = open(fixture("big_i8.npy"), {floats({1, 3, 4})}).value();
  EXPECT_THAT(message(wrong.load(0)),
              HasSubstr("big_i8.npy: expected float [1, 3, 4], got int64 [2, 3, 4]"));
}

constexpr SampleOptions rows() { return {.array_file = ArrayFile::kManyRows}; }

TEST(SampleSourceRows, EachRowIsASample) {
  for (const char* name : {"little_f4.npy", "fortran.npy"}) {
    for (const auto& dims : {std::vector<int64_t>{1, 3, 4}, {-1, 3, 4}, {3, 4}, {1, 1, 3, 4}}) {
      const auto source = open(fixture(name), {floats(dims)}, rows());
      ASSERT_TRUE(source) << source.error().message;
      ASSERT_EQ(source->size(), 2);
      EXPECT_EQ(fed(*source, 1)[0], 7) << name;
      EXPECT_EQ(fed(*source, 1).size(), 12U);
      EXPECT_EQ(source->name(1), std::string(name) + "[1]");
    }
  }
}

TEST(SampleSourceRows, SeveralInputsGoRowByRow) {
  for (const char* name : {"stored.npz", "deflated.npz", "test_data_set_0"}) {
    const auto source = open(
        fixture(name),
        {spec("a", DataType::kFloat, {1, 3, 4}), spec("b", DataType::kInt64, {1, 3, 4})}, rows());
    ASSERT_TRUE(source) << source.error().message;
    const Sample sample = source->load(1).value();
    EXPECT_EQ(sample.inputs[0].tensor.as<float>()[0], 7);
    EXPECT_EQ(sample.inputs[1].tensor.as<int64_t>()[0], 7);
  }
}

TEST(SampleSourceRows, FilesWithoutRowsAreErrorsOrLeftOut) {
  const TemporaryFolder folder;
  write(folder / "a.npy", float_npy("(2, 2)", {1, 2, 3, 4}));
  write(folder / "b.npy", float_npy("(0, 2)", {}));
  write(folder / "c.npy", "nothing");
  write(folder / "d.npy", float_npy("()", {1}));
  EXPECT_THAT(message(open(folder.path(), {floats({1, 2})}, rows())),
              HasSubstr("b.npy: input \"x\" gets: no rows"));
  SampleOptions skip = rows();
  skip.bad = BadSamples::kSkip;
  const auto source = open(folder.path(), {floats({1, 2})}, skip).value();
  EXPECT_EQ(source.size(), 2);
  EXPECT_EQ(source.unreadable().size(), 3U);
  EXPECT_EQ(SkippedSamples(source).count(), 3);
}

TEST(SampleSourceBatch, RowsAreGroupedWhereTheModelFixesABatch) {
  const TemporaryFolder folder;
  write(folder / "a.npy", float_npy("(3, 1)", {1, 2, 3}));
  write(folder / "b.npy", float_npy("(2, 1)", {4, 5}));
  const auto source = open(folder.path(), {floats({2, 1})}, rows()).value();
  ASSERT_EQ(source.size(), 2);
  EXPECT_THAT(fed(source, 1), ElementsAre(3, 4));
  EXPECT_EQ(source.name(1), "a.npy[2] to b.npy[0]");
  EXPECT_EQ(source.items().size(), 4U);
  EXPECT_EQ(source.items(1)[1].position, 3);
  EXPECT_THAT(source.notes(),
              ElementsAre("1 samples left over are not used: input \"x\" takes 2 a run"));
  EXPECT_THAT(message(open(folder / "b.npy", {floats({3, 1})}, rows())),
              HasSubstr("input \"x\" takes 3 samples a run, there are 2"));
  EXPECT_THAT(message(open(folder.path(), {spec("x", DataType::kFloat, {2, 1})}, {})->load(0)),
              HasSubstr("expected float [2, 1], got float [3, 1]"));
}

TEST(SampleSourceBatch, PicturesAreGroupedWhereTheModelFixesABatch) {
  const TemporaryFolder folder;
  for (const char* name : {"a.png", "b.png", "c.png"}) {
    fs::copy_file(fixture("rgb.png"), folder / name);
  }
  const auto source = open(folder.path(), {floats({2, 3, 12, 16})}).value();
  ASSERT_EQ(source.size(), 1);
  const Sample sample = source.load(0).value();
  EXPECT_EQ(sample.inputs[0].tensor.shape().to_string(), "[2, 3, 12, 16]");
  EXPECT_EQ(sample.name, "a.png to b.png");
  EXPECT_THAT(source.notes(),
              ElementsAre("1 samples left over are not used: input \"x\" takes 2 a run",
                          "pictures: resized to 16x12, rgb, nchw, values 0 to 255"));
}

TEST(SampleSourcePictures, AreFedAsThePreprocessingSays) {
  SampleOptions options;
  options.preprocessing.scale = 0.5F;
  const auto source = open(fixture("rgb.png"), {floats({-1, 3, -1, -1})}, options).value();
  const Sample sample = source.load(0).value();
  EXPECT_EQ(sample.inputs[0].tensor.shape().to_string(), "[1, 3, 12, 16]");
  const Image image = read_image(fixture("rgb.png")).value();
  EXPECT_EQ(sample.inputs[0].tensor.as<float>()[0], static_cast<float>(image.pixels[0]) / 2);
}

TEST(SampleSourcePictures, NeedAModelWithOneInputThatTakesThem) {
  EXPECT_THAT(message(open(fixture("rgb.png"), {floats({1, 3, 8, 8}), floats({1})})),
              HasSubstr("rgb.png: a picture feeds one input, but the model has 2"));
  EXPECT_THAT(message(open(fixture("rgb.png"), {floats({1, 10})})),
              HasSubstr("input \"x\": takes float [1, 10]; pictures feed inputs of rank 4"));
}

TEST(SampleSourcePictures, PreprocessingWithoutPicturesIsNoted) {
  SampleOptions options;
  options.preprocessing.scale = 0.5F;
  const auto source = open(fixture("little_f4.npy"), {floats({-1, 3, 4})}, options).value();
  EXPECT_THAT(source.notes(), ElementsAre(HasSubstr("preprocessing is for pictures")));
}

TEST(SampleSource, OtherFilesAreNoted) {
  const TemporaryFolder folder;
  write_pairs(folder, 1);
  write(folder / "a.xml", "");
  write(folder / "README", "");
  const auto source = open(folder.path(), {floats({-1, 2})}).value();
  EXPECT_THAT(source.notes(),
              ElementsAre("files that are no samples: 1 without extension, 1 .xml"));
}

TEST(SkippedSamples, EndTheWorkOrAreCounted) {
  const TemporaryFolder folder;
  write_pairs(folder, 3);
  write(folder / "1.npy", "nothing");
  const auto run = [&](BadSamples bad, int passes) -> Result<SkippedSamples*> {
    const auto source = open(folder.path(), {floats({-1, 2})}, {.bad = bad}).value();
    static std::unique_ptr<SkippedSamples> skipped;
    skipped = std::make_unique<SkippedSamples>(source);
    for (int pass = 0; pass < passes; ++pass) {
      for (int64_t i = source.size() - 1; i >= 0; --i) {
        auto sample = source.load(i);
        if (!sample) ZP_RETURN_IF_ERROR(skipped->add(i, std::move(sample).error()));
      }
    }
    ZP_RETURN_IF_ERROR(skipped->check_some_left(source.size()));
    return skipped.get();
  };
  EXPECT_THAT(message(run(BadSamples::kFail, 1)), HasSubstr("1.npy: is no .npy file"));
  const auto skipped = run(BadSamples::kSkip, 2);
  ASSERT_TRUE(skipped);
  EXPECT_EQ((*skipped)->count(), 1);
  EXPECT_THAT((*skipped)->indices(), ElementsAre(1));
  write(folder / "0.npy", "nothing");
  write(folder / "2.npy", "nothing");
  EXPECT_THAT(
      message(run(BadSamples::kSkip, 1)),
      AllOf(HasSubstr("none of the 3 samples could be loaded; the first: "), HasSubstr("0.npy: ")));
}

}  // namespace
}  // namespace zp
