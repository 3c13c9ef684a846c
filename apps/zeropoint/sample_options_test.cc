#include "apps/zeropoint/sample_options.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/onnx_text.h"
#include "tests/support/temporary_folder.h"

namespace zp::app {
namespace {

using ::testing::HasSubstr;

std::string check_error(const SampleArguments& arguments) {
  const Status status = check_sample_options(arguments);
  return status ? "" : status.error().message;
}

TEST(SampleOptions, AnOptionWithoutAMeaningIsAnError) {
  EXPECT_EQ(check_error({}), "");
  EXPECT_EQ(check_error({.samples = "-3"}), "--samples \"-3\": expected a whole number from 1 up");
  EXPECT_EQ(check_error({.seed = "x"}), "--seed \"x\": expected a whole number from 0 up");
  EXPECT_THAT(check_error({.image_options = {{"crop", "5"}}}), HasSubstr("--crop \"5\": expected"));
  EXPECT_THAT(check_error({.image_options = {{"letterbox", "4x4"}, {"resize", "4x4"}}}),
              HasSubstr("letterbox"));
  EXPECT_THAT(check_error({.input_shapes = {"x"}}), HasSubstr("--input-shape: "));
  EXPECT_THAT(check_error({.dims = {"N=x"}}), HasSubstr("--dim: "));
}

// A model of pictures in a folder with a preprocessing file and one sample.
class Opened : public testing::Test {
 protected:
  Opened() {
    write("net.preprocess.yaml", "resize: short:32\ncrop: 16x16\nscale: 1/255\n");
    write("other.yaml", "letterbox: 8x8\n");
    // .npy 1.0, a float array of shape (1, 3, 2, 2).
    std::string npy("\x93NUMPY\x01\x00\x76\x00", 10);
    npy += "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 2, 2), }";
    npy.resize(127, ' ');
    npy += '\n' + std::string(48, '\0');
    write("x.npy", npy);
  }

  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }

  Result<OpenedSamples> open(const SampleArguments& arguments) const {
    const auto bytes =
        onnx_model("g (float[N,3,H,W] x) => (float[N,3,H,W] y) { y = Neg(x) }").SerializeAsString();
    const Result<Model> model = Model::parse(bytes, "net.onnx");
    return open_samples(arguments, {(folder_ / "x.npy").string()}, folder_ / "net.onnx", *model);
  }

  Preprocessing preprocessing(const SampleArguments& arguments) const {
    const auto opened = open(arguments);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? opened->source.options().preprocessing : Preprocessing();
  }

  TemporaryFolder folder_;
};

TEST_F(Opened, TheFileBesideTheModelHolds) {
  EXPECT_EQ(to_json(preprocessing({})),
            R"({"crop":"16x16","resize":"short:32","scale":0.003921569})");
}

TEST_F(Opened, AFileThatIsNamedReplacesIt) {
  const Preprocessing named = preprocessing({.preprocess = (folder_ / "other.yaml").string()});
  EXPECT_TRUE(named.letterbox);
  EXPECT_FALSE(named.resize);
}

TEST_F(Opened, OptionsReplaceWhatTheFileSays) {
  EXPECT_EQ(to_json(preprocessing({.image_options = {{"scale", "2"}, {"channels", "bgr"}}})),
            R"({"channels":"bgr","crop":"16x16","resize":"short:32","scale":2})");
  // Both of the file's resize and crop are what letterbox stands for.
  EXPECT_EQ(to_json(preprocessing({.image_options = {{"letterbox", "8x8"}}})),
            R"({"letterbox":"8x8:114","scale":0.003921569})");
}

TEST_F(Opened, TellsTheShapesThatWereSettled) {
  EXPECT_TRUE(open({})->input_shapes.empty());
  const auto settled = open({.dims = {"N=1", "H=2"}});
  ASSERT_TRUE(settled) << settled.error().message;
  EXPECT_EQ(settled->input_shapes,
            (std::map<std::string, std::vector<int64_t>>{{"x", {1, 3, 2, -1}}}));
  const auto wrong = open({.dims = {"K=1"}});
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("K"));
}

TEST_F(Opened, PassesOnHowSamplesAreChosen) {
  const auto opened = open({.samples = "1", .seed = "7", .rows = true, .skip_bad = true});
  ASSERT_TRUE(opened) << opened.error().message;
  const SampleOptions& options = opened->source.options();
  EXPECT_EQ(options.count, 1);
  EXPECT_EQ(options.seed, 7U);
  EXPECT_EQ(options.array_file, ArrayFile::kManyRows);
  EXPECT_EQ(options.bad, BadSamples::kSkip);
}

}  // namespace
}  // namespace zp::app
