#include "zeropoint/data/preprocessing.h"

#include "tests/support/temporary_folder.h"
#include "zeropoint/data/test_files.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Preprocessing imagenet() {
  Preprocessing preprocessing;
  for (const auto& [key, text] : {std::pair("resize", "short:256"),
                                  {"crop", "224x224"},
                                  {"scale", "1/255"},
                                  {"mean", ".485,.456,.406"},
                                  {"std", "0.229, 0.224, 0.225"},
                                  {"channels", "rgb"}}) {
    const auto status = set_preprocessing(preprocessing, key, text);
    EXPECT_TRUE(status) << status.error().message;
  }
  return preprocessing;
}

std::string set_error(std::string_view key, std::string_view text) {
  Preprocessing preprocessing;
  return message(set_preprocessing(preprocessing, key, text));
}

TEST(SetPreprocessing, ReadsEveryKey) {
  const Preprocessing p = imagenet();
  EXPECT_EQ(std::get<ShortSide>(*p.resize).length, 256);
  EXPECT_EQ(p.crop, (ImageSize{224, 224}));
  EXPECT_EQ(p.scale, 1.0F / 255);
  EXPECT_THAT(p.mean, ElementsAre(0.485F, 0.456F, 0.406F));
  EXPECT_THAT(p.std, ElementsAre(0.229F, 0.224F, 0.225F));
  EXPECT_EQ(p.channels, Channels::kRgb);
  Preprocessing box;
  ASSERT_TRUE(set_preprocessing(box, "letterbox", "416x320"));
  EXPECT_EQ(*box.letterbox, (Letterbox{.size = {416, 320}, .fill = 114}));
  ASSERT_TRUE(set_preprocessing(box, "letterbox", "416x320:0:center"));
  EXPECT_EQ(box.letterbox->fill, 0);
  EXPECT_EQ(box.letterbox->placement, Placement::kCenter);
  ASSERT_TRUE(set_preprocessing(box, "layout", "nhwc"));
  EXPECT_EQ(box.layout, ImageLayout::kNhwc);
}

TEST(SetPreprocessing, TheDecimalScaleIsTheQuotient) {
  Preprocessing p;
  ASSERT_TRUE(set_preprocessing(p, "scale", "0.00392156862745098"));
  EXPECT_EQ(p.scale, 1.0F / 255);
}

TEST(SetPreprocessing, SaysWhatIsExpected) {
  EXPECT_EQ(set_error("crop", "224"), "crop \"224\": expected WIDTHxHEIGHT");
  EXPECT_EQ(set_error("resize", "short:0"),
            "resize \"short:0\": expected WIDTHxHEIGHT or short:LENGTH");
  EXPECT_EQ(set_error("channels", "RGB"), "channels \"RGB\": expected rgb, bgr or gray");
  for (const std::string_view text : {"", "x", "1/0", "inf", "nan", "1,2", "0.5 "}) {
    EXPECT_THAT(set_error("scale", text), HasSubstr("expected a number or a quotient")) << text;
  }
  for (const std::string_view text : {"", "1,", "1,a"}) {
    EXPECT_THAT(set_error("mean", text), HasSubstr("expected a number, or one for each")) << text;
  }
  for (const std::string_view text :
       {"416", "416x0", "416x416:300", "416x416:1:middle", "-1x2", "99999x99999"}) {
    EXPECT_THAT(set_error("letterbox", text), HasSubstr("expected")) << text;
  }
  EXPECT_EQ(set_error("normalise", "1"),
            "unknown key \"normalise\"; there are channels, crop, layout, letterbox, mean, resize, "
            "scale, std");
}

TEST(CheckPreprocessing, WhatDoesNotGoTogetherIsRefused) {
  Preprocessing p = imagenet();
  EXPECT_TRUE(check_preprocessing(p));
  p.letterbox = Letterbox{.size = {4, 4}};
  EXPECT_THAT(message(check_preprocessing(p)), HasSubstr("does not go with resize or crop"));
  p = imagenet();
  p.std = {1, 0, 1};
  EXPECT_THAT(message(check_preprocessing(p)), HasSubstr("std is 0"));
  p.std = {1, 2};
  EXPECT_THAT(message(check_preprocessing(p)), HasSubstr("std has 2 values"));
}

TEST(ToJson, IsCanonicalAndReadsBack) {
  EXPECT_EQ(to_json(imagenet()),
            "{\"channels\":\"rgb\",\"crop\":\"224x224\",\"mean\":[0.485,0.456,0.406],"
            "\"resize\":\"short:256\",\"scale\":0.003921569,\"std\":[0.229,0.224,0.225]}");
  EXPECT_EQ(to_json({}), "{}");
  Preprocessing box;
  box.letterbox = Letterbox{.size = {416, 320}, .fill = 7, .placement = Placement::kCenter};
  box.layout = ImageLayout::kNhwc;
  const TemporaryFolder folder;
  for (const Preprocessing& p : {imagenet(), box, Preprocessing()}) {
    write(folder / "p.json", to_json(p));
    const auto read = read_preprocessing(folder / "p.json");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, p);
    EXPECT_EQ(hash(*read), hash(p));
  }
  EXPECT_NE(hash(imagenet()), hash(box));
}

TEST(ReadPreprocessing, ReadsYamlWithListsAndNumbers) {
  const TemporaryFolder folder;
  write(folder / "p.yaml",
        "# as torchvision\n"
        "resize: short:256\ncrop: 224x224\nscale: 1/255\n"
        "mean: [0.485, 0.456, 0.406]\nstd: [0.229, 0.224, 0.225]\nchannels: rgb\n");
  const auto read = read_preprocessing(folder / "p.yaml");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, imagenet());
}

TEST(ReadPreprocessing, NamesTheFileAndTheKey) {
  const TemporaryFolder folder;
  const auto error = [&](std::string_view text) {
    write(folder / "p.yaml", text);
    return message(read_preprocessing(folder / "p.yaml"));
  };
  EXPECT_THAT(error("size: 1x1\n"), HasSubstr("p.yaml: unknown key \"size\"; there are channels"));
  EXPECT_THAT(error("normalize: {mean: 1}\n"), HasSubstr("unknown key \"normalize\""));
  EXPECT_THAT(error("mean: {r: 1}\n"), HasSubstr("mean \"(keys and values)\": expected a number"));
  EXPECT_THAT(error("mean: [[1]]\n"), HasSubstr("mean \"(a list)\": expected a number"));
  EXPECT_THAT(error("crop:\n"), HasSubstr("crop \"\": expected WIDTHxHEIGHT"));
  EXPECT_THAT(error("crop: 1x1\ncrop: 2x2\n"), HasSubstr("\"crop\" is given twice"));
  EXPECT_THAT(error("std: 0\n"), HasSubstr("std is 0"));
  EXPECT_THAT(error("- crop\n"), HasSubstr("expected keys with values"));
  EXPECT_THAT(error("{\"crop\": \"1x1\""), HasSubstr("is neither YAML nor JSON"));
  EXPECT_THAT(error(std::string(100000, '[')), HasSubstr("p.yaml: "));
  EXPECT_THAT(message(read_preprocessing(folder / "none.yaml")), HasSubstr("could not open"));
}

TEST(FindPreprocessFile, LooksBesideTheModel) {
  const TemporaryFolder folder;
  EXPECT_EQ(find_preprocess_file(folder / "net.onnx").value(), std::nullopt);
  write(folder / "net.preprocess.json", "{}");
  EXPECT_EQ(find_preprocess_file(folder / "net.onnx").value(), folder / "net.preprocess.json");
  write(folder / "net.onnx.preprocess.yml", "{}");
  EXPECT_THAT(message(find_preprocess_file(folder / "net.onnx")), HasSubstr("are both there"));
}

}  // namespace
}  // namespace zp
