#include "zeropoint/data/image.h"

#include <algorithm>
#include <array>

#include "zeropoint/data/image_transform.h"
#include "zeropoint/data/inflate.h"
#include "zeropoint/data/stored_array.h"
#include "zeropoint/data/test_files.h"

namespace zp {
namespace {

using ::testing::HasSubstr;

// What Pillow makes of the fixtures (tests/data/make_samples.py), by name.
Tensor pillow(const std::string& name) {
  const auto arrays = open_arrays(fixture("expected.npz")).value();
  for (const StoredArray& array : arrays) {
    if (array.name == name) return array.read().value();
  }
  ADD_FAILURE() << "expected.npz has no " << name;
  return {};
}

void expect_pixels(const Image& image, const std::string& name) {
  const Tensor expected = pillow(name);
  EXPECT_EQ(image.size.height, expected.shape().dim(0)) << name;
  EXPECT_EQ(image.size.width, expected.shape().dim(1)) << name;
  EXPECT_EQ(image.pixels, elements<uint8_t>(expected)) << name;
}

constexpr const char* kPictures[] = {
    "rgb.png",    "gray.png",       "rgba.png", "gray_alpha.png", "palette.png",     "one_bit.png",
    "gray16.png", "interlaced.png", "rgb.jpg",  "gray.jpg",       "progressive.jpg", "cmyk.jpg"};

TEST(DecodeImage, GivesPillowsPixels) {
  for (const std::string name : kPictures) {
    auto image = read_image(fixture(name));
    ASSERT_TRUE(image) << image.error().message;
    expect_pixels(with_channels(std::move(image).value(), Channels::kRgb), name + " rgb");
  }
}

TEST(DecodeImage, KeepsGrayFilesGray) {
  for (const std::string name :
       {"gray.png", "gray_alpha.png", "one_bit.png", "gray16.png", "gray.jpg"}) {
    EXPECT_EQ(read_image(fixture(name)).value().channels, 1) << name;
  }
}

TEST(DecodeImage, AFileCutAnywhereIsRefused) {
  for (const std::string name : kPictures) {
    const auto whole = fixture_bytes(name);
    for (size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(decode_image(std::span(whole).first(size))) << name << " " << size;
    }
  }
}

TEST(DecodeImage, NamesTheFileAndWhatItIsNot) {
  EXPECT_THAT(message(read_image(fixture("little_f4.npy"))),
              testing::AllOf(HasSubstr("little_f4.npy: "), HasSubstr("neither a JPEG nor a PNG")));
  EXPECT_THAT(message(decode_image({})), HasSubstr("the file is empty"));
}

// Width and height of a PNG stand at bytes 16 and 20, big-endian; the checksum covers 12 to 28.
std::vector<std::byte> png_of_size(uint32_t width, uint32_t height) {
  auto png = fixture_bytes("gray.png");
  const auto put = [&](size_t at, uint32_t value) {
    for (size_t i = 0; i < 4; ++i) png[at + i] = static_cast<std::byte>(value >> (24 - 8 * i));
  };
  put(16, width);
  put(20, height);
  put(29, checksum(std::span(png).subspan(12, 17)));
  return png;
}

TEST(DecodeImage, SizesThatNoFileCouldHoldAreRefusedBeforeMemoryIsTaken) {
  EXPECT_TRUE(decode_image(png_of_size(16, 12)));
  EXPECT_THAT(message(decode_image(png_of_size(1U << 30, 1U << 30))),
              HasSubstr("1073741824 x 1073741824 pixels"));
  EXPECT_THAT(message(decode_image(png_of_size(12000, 12000))),
              HasSubstr("cannot hold 12000 x 12000 pixels"));
  auto jpeg = fixture_bytes("gray.jpg");
  // The frame header SOF0: ff c0, length, precision, height, width.
  const std::array marker{std::byte{0xff}, std::byte{0xc0}};
  const auto frame = std::search(jpeg.begin(), jpeg.end(), marker.begin(), marker.end());
  for (int i = 5; i < 9; ++i) frame[i] = std::byte{0xfe};
  EXPECT_THAT(message(decode_image(jpeg)), HasSubstr("65278 x 65278 pixels"));
  frame[5] = std::byte{0x08};  // 2302 rows: allowed, but the data ends long before
  EXPECT_THAT(message(decode_image(jpeg)), HasSubstr("damaged JPEG"));
}

TEST(DecodeImage, DamagedPixelsAreRefused) {
  auto png = fixture_bytes("rgb.png");
  png[png.size() / 2] ^= std::byte{0x10};
  EXPECT_THAT(message(decode_image(png)), HasSubstr("damaged PNG"));
}

TEST(Resize, GivesPillowsPixels) {
  const Image image = read_image(fixture("rgb.png")).value();
  for (const ImageSize size : {ImageSize{7, 5}, {32, 31}, {16, 5}, {9, 12}, {1, 1}, {40, 3}}) {
    const auto resized = resize_bilinear(image, size);
    ASSERT_TRUE(resized);
    expect_pixels(*resized,
                  "rgb.png " + std::to_string(size.width) + "x" + std::to_string(size.height));
  }
}

TEST(Resize, ALongThinPictureIsNotBlownUp) {
  const Image thin{.size = {1000000, 1}, .channels = 1, .pixels = std::vector<uint8_t>(1000000)};
  EXPECT_TRUE(resize_bilinear(thin, {1000, 1000}));
  const Image high{.size = {1, 1000000}, .channels = 1, .pixels = std::vector<uint8_t>(1000000)};
  EXPECT_TRUE(resize_bilinear(high, {1000, 1000}));
  EXPECT_THAT(message(resize_bilinear(high, {1000, 1000001})), HasSubstr("pixels"));
}

TEST(WithChannels, GrayIsPillowsAndBgrSwaps) {
  const Image image = read_image(fixture("rgb.png")).value();
  expect_pixels(with_channels(image, Channels::kGray), "rgb.png gray");
  const Image swapped = with_channels(image, Channels::kBgr);
  EXPECT_EQ(swapped.pixels[0], image.pixels[2]);
  EXPECT_EQ(swapped.pixels[1], image.pixels[1]);
  EXPECT_EQ(swapped.pixels[2], image.pixels[0]);
}

// 0, 1, 2 ... from the upper left.
Image counting(int width, int height) {
  Image image{.size = {width, height}, .channels = 1, .pixels = {}};
  for (int i = 0; i < width * height; ++i) image.pixels.push_back(static_cast<uint8_t>(i));
  return image;
}

// torchvision: round((7 - 4) / 2.0) = 2, round((6 - 5) / 2.0) = 0, by Python's round.
TEST(CropCenter, RoundsOddMarginsAsTorchvisionDoes) {
  const Image part = crop_center(counting(7, 6), {4, 5}).value();
  EXPECT_EQ(part.pixels[0], 2);
  EXPECT_EQ(part.pixels[4], 2 + 7);
  EXPECT_EQ(part.pixels.size(), 20U);
  EXPECT_THAT(message(crop_center(counting(7, 6), {8, 5})),
              HasSubstr("8x5 cannot be cut out of 7x6"));
}

// torchvision's Resize(256) of 500 x 375: 256 high, int(256 * 500 / 375) = 341 wide.
TEST(ShortSide, KeepsTheProportionsRoundedDown) {
  EXPECT_EQ(short_side_size({500, 375}, 256).value(), (ImageSize{341, 256}));
  EXPECT_EQ(short_side_size({375, 500}, 256).value(), (ImageSize{256, 341}));
  EXPECT_FALSE(short_side_size({1, 1000000}, 1000));
}

TEST(Letterbox, FillsBesideThePictureThatJustFits) {
  const Image wide = counting(4, 2);
  const Image top = letterbox(wide, {4, 4}, 200, Placement::kTopLeft).value();
  EXPECT_THAT(top.pixels,
              testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 200, 200, 200, 200, 200, 200, 200, 200));
  const Image middle = letterbox(wide, {4, 5}, 200, Placement::kCenter).value();
  EXPECT_EQ(middle.pixels[3], 200);  // one row above, two below
  EXPECT_EQ(middle.pixels[5], 1);
  EXPECT_EQ(middle.pixels[12], 200);
  const Image high = letterbox(counting(2, 4), {4, 4}, 9, Placement::kTopLeft).value();
  EXPECT_THAT(std::span(high.pixels).first(4), testing::ElementsAre(0, 1, 9, 9));
}

// 640 x 427 into 416 x 416: 427 * 416 / 640 = 277.55.
TEST(Letterbox, RoundsTheOtherSideToNearest) {
  Image image{.size = {640, 427}, .channels = 1, .pixels = std::vector<uint8_t>(640 * 427, 50)};
  const Image boxed = letterbox(image, {416, 416}, 114, Placement::kTopLeft).value();
  EXPECT_EQ(boxed.pixels[277 * 416], 50);
  EXPECT_EQ(boxed.pixels[278 * 416], 114);
}

}  // namespace
}  // namespace zp
