#include "zeropoint/data/image_input.h"

#include "zeropoint/data/test_files.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

InputSpec spec(DataType type, std::vector<int64_t> dims) { return {"x", type, std::move(dims)}; }

Preprocessing preprocessing(std::vector<std::pair<std::string, std::string>> options) {
  Preprocessing result;
  for (const auto& [key, text] : options) {
    const auto status = set_preprocessing(result, key, text);
    EXPECT_TRUE(status) << status.error().message;
  }
  return result;
}

std::string plan_error(std::vector<std::pair<std::string, std::string>> options,
                       const InputSpec& input) {
  return message(plan_image_input(preprocessing(std::move(options)), input));
}

Result<Tensor> feed(const Image& image, std::vector<std::pair<std::string, std::string>> options,
                    const InputSpec& input) {
  ZP_ASSIGN_OR_RETURN(const ImageInput plan,
                      plan_image_input(preprocessing(std::move(options)), input));
  return feed_image(image, plan);
}

// 2 x 1 pixels: (10, 20, 30) and (40, 50, 60).
const Image kTwo{.size = {2, 1}, .channels = 3, .pixels = {10, 20, 30, 40, 50, 60}};

TEST(PlanImageInput, LayoutAndChannelsFollowTheInput) {
  const auto plan = [](std::vector<int64_t> dims) {
    return plan_image_input({}, spec(DataType::kFloat, std::move(dims))).value();
  };
  EXPECT_EQ(plan({1, 3, 8, 9}).layout, ImageLayout::kNchw);
  EXPECT_EQ(plan({1, 3, 8, 9}).resize, (std::variant<ImageSize, ShortSide>(ImageSize{9, 8})));
  EXPECT_EQ(plan({1, 3, 8, 9}).channels, Channels::kRgb);
  EXPECT_EQ(plan({-1, 8, 9, 1}).layout, ImageLayout::kNhwc);
  EXPECT_EQ(plan({-1, 8, 9, 1}).channels, Channels::kGray);
  EXPECT_EQ(plan({-1, 1, -1, -1}).resize, std::nullopt);
  EXPECT_EQ(plan({3, 8, 9}).layout, ImageLayout::kNchw);
  EXPECT_FALSE(plan({3, 8, 9}).has_batch_axis);
}

TEST(PlanImageInput, SaysWhyPicturesDoNotFit) {
  EXPECT_THAT(plan_error({}, spec(DataType::kFloat, {-1, -1, -1, -1})),
              HasSubstr("input \"x\": neither dimension is 1 or 3 channels; say --layout"));
  EXPECT_THAT(plan_error({}, spec(DataType::kFloat, {1, 10})),
              HasSubstr("takes float [1, 10]; pictures feed inputs of rank 4"));
  EXPECT_THAT(plan_error({}, spec(DataType::kInt64, {1, 3, 8, 8})), HasSubstr("takes int64"));
  EXPECT_THAT(plan_error({{"channels", "gray"}}, spec(DataType::kFloat, {1, 3, 8, 8})),
              HasSubstr("takes 3 channels, gray are 1"));
  EXPECT_THAT(plan_error({{"layout", "nhwc"}}, spec(DataType::kFloat, {1, 3, 8, 8})),
              HasSubstr("takes 8 channels, rgb are 3"));
  EXPECT_THAT(plan_error({{"crop", "9x8"}}, spec(DataType::kFloat, {1, 3, 8, 8})),
              HasSubstr("takes pictures of 8x8, but they come out as 9x8"));
  EXPECT_THAT(plan_error({{"scale", "0.5"}}, spec(DataType::kUint8, {1, 3, 8, 8})),
              HasSubstr("takes uint8, pixels as they are"));
  EXPECT_THAT(plan_error({{"mean", "1,2,3"}}, spec(DataType::kFloat, {1, 1, 8, 8})),
              HasSubstr("has 1 channels, but 3 values"));
  EXPECT_THAT(plan_error({{"scale", "1000"}}, spec(DataType::kFloat16, {1, 3, 8, 8})),
              HasSubstr("beyond float16"));
}

TEST(FeedImage, ValuesAreScaledThenNormalizedByChannel) {
  const auto tensor = feed(kTwo, {{"scale", "0.5"}, {"mean", "1,2,3"}, {"std", "2,4,8"}},
                           spec(DataType::kFloat, {1, 3, 1, 2}));
  ASSERT_TRUE(tensor) << tensor.error().message;
  EXPECT_EQ(tensor->shape().to_string(), "[1, 3, 1, 2]");
  // (10 * 0.5 - 1) / 2 = 2, (40 * 0.5 - 1) / 2 = 9.5, (20 * 0.5 - 2) / 4 = 2 ...
  EXPECT_THAT(elements<float>(*tensor), ElementsAre(2, 9.5F, 2, 5.75F, 1.5F, 3.375F));
}

TEST(FeedImage, MeanAndStdGoWithTheChannelsAsFed) {
  const auto tensor = feed(kTwo, {{"channels", "bgr"}, {"mean", "1,2,3"}, {"layout", "nhwc"}},
                           spec(DataType::kFloat, {1, 1, 2, 3}));
  ASSERT_TRUE(tensor) << tensor.error().message;
  EXPECT_THAT(elements<float>(*tensor), ElementsAre(29, 18, 7, 59, 48, 37));
}

TEST(FeedImage, TheUsualNormalizationIsExactToTheLastBitInFloat32) {
  const auto tensor =
      feed(kTwo, {{"scale", "1/255"}, {"mean", ".485,.456,.406"}, {"std", ".229,.224,.225"}},
           spec(DataType::kFloat, {1, 3, 1, 2}));
  const float scale = 1.0F / 255;
  EXPECT_EQ(tensor.value().as<float>()[0], (10.0F * scale - 0.485F) / 0.229F);
  EXPECT_EQ(tensor.value().as<float>()[5], (60.0F * scale - 0.406F) / 0.225F);
}

TEST(FeedImage, OtherTypesGetTheSameValues) {
  const auto as = [](DataType type) {
    return feed(kTwo, {{"layout", "nhwc"}}, spec(type, {1, 1, 2, 3})).value();
  };
  EXPECT_THAT(elements<uint8_t>(as(DataType::kUint8)), ElementsAre(10, 20, 30, 40, 50, 60));
  EXPECT_THAT(elements<double>(as(DataType::kDouble)), ElementsAre(10, 20, 30, 40, 50, 60));
  EXPECT_THAT(to_floats(as(DataType::kFloat16)).value(), ElementsAre(10, 20, 30, 40, 50, 60));
  EXPECT_THAT(to_floats(as(DataType::kBfloat16)).value(), ElementsAre(10, 20, 30, 40, 50, 60));
}

TEST(FeedImage, WithoutABatchAxisWhereTheInputHasNone) {
  EXPECT_EQ(feed(kTwo, {}, spec(DataType::kFloat, {3, 1, 2})).value().shape().to_string(),
            "[3, 1, 2]");
}

TEST(FeedImage, APictureOfAnotherSizeIsResizedToTheInput) {
  EXPECT_EQ(feed(kTwo, {}, spec(DataType::kFloat, {1, 3, 5, 4})).value().shape().to_string(),
            "[1, 3, 5, 4]");
  // Where the input leaves its size open, pictures keep theirs.
  EXPECT_EQ(feed(kTwo, {}, spec(DataType::kFloat, {1, 3, -1, -1})).value().shape().to_string(),
            "[1, 3, 1, 2]");
}

TEST(FeedImage, ResizesThenCrops) {
  const Image image = read_image(fixture("rgb.png")).value();
  const Tensor fed = feed(image, {{"resize", "short:24"}, {"crop", "20x16"}, {"layout", "nhwc"}},
                          spec(DataType::kUint8, {1, 16, 20, 3}))
                         .value();
  const Image expected = crop_center(resize_bilinear(image, {32, 24}).value(), {20, 16}).value();
  EXPECT_EQ(elements<uint8_t>(fed), expected.pixels);
}

TEST(FeedImage, ASizeThatComesOutWrongIsAnError) {
  EXPECT_THAT(message(feed(kTwo, {{"resize", "short:8"}}, spec(DataType::kFloat, {1, 3, 8, 8}))),
              HasSubstr("takes pictures of 8x8, but they come out as 16x8"));
  EXPECT_THAT(message(feed(kTwo, {{"crop", "8x8"}}, spec(DataType::kFloat, {1, 3, 8, 8}))),
              HasSubstr("8x8 cannot be cut out of 2x1"));
}

TEST(Describe, SaysWhatIsDone) {
  const auto plan = plan_image_input(preprocessing({{"scale", "1/255"}, {"mean", "0.5"}}),
                                     spec(DataType::kFloat, {1, 3, 8, 9}));
  EXPECT_EQ(describe(plan.value()), "resized to 9x8, rgb, nchw, values -0.5 to 0.5");
}

}  // namespace
}  // namespace zp
