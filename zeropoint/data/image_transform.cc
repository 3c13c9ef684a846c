#include "zeropoint/data/image_transform.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace zp {
namespace {

size_t index_of(const Image& image, int x, int y) {
  return (static_cast<size_t>(y) * static_cast<size_t>(image.size.width) + static_cast<size_t>(x)) *
         static_cast<size_t>(image.channels);
}

Image blank(ImageSize size, int channels, uint8_t fill) {
  const size_t count = static_cast<size_t>(size.width) * static_cast<size_t>(size.height) *
                       static_cast<size_t>(channels);
  return {.size = size, .channels = channels, .pixels = std::vector<uint8_t>(count, fill)};
}

// Copies the part of `from` at (from_x, from_y), as large as `part`, to (to_x, to_y).
struct Place {
  int x = 0;
  int y = 0;
};
void copy(const Image& from, Place source, ImageSize part, Image& to, Place target) {
  const auto count = static_cast<size_t>(part.width) * static_cast<size_t>(from.channels);
  for (int y = 0; y < part.height; ++y) {
    std::copy_n(&from.pixels[index_of(from, source.x, source.y + y)], count,
                &to.pixels[index_of(to, target.x, target.y + y)]);
  }
}

// round(margin / 2) as Python rounds: a half goes to the even neighbour.
int half_to_even(int margin) {
  const int half = margin / 2;
  return margin % 2 != 0 && half % 2 != 0 ? half + 1 : half;
}

// side * numerator / denominator to nearest, at least 1.
int scaled(int side, int numerator, int denominator) {
  const int64_t twice = int64_t{2} * side * numerator + denominator;
  return static_cast<int>(std::max<int64_t>(twice / (int64_t{2} * denominator), 1));
}

}  // namespace

Image with_channels(Image image, Channels channels) {
  if (channels == Channels::kGray && image.channels == 3) {
    Image gray = blank(image.size, 1, 0);
    const uint8_t* rgb = image.pixels.data();
    for (uint8_t& pixel : gray.pixels) {
      pixel = static_cast<uint8_t>((19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 32768) >> 16);
      rgb += 3;
    }
    return gray;
  }
  if (channels != Channels::kGray && image.channels == 1) {
    Image color = blank(image.size, 3, 0);
    for (size_t i = 0; i < image.pixels.size(); ++i) {
      std::fill_n(&color.pixels[3 * i], 3, image.pixels[i]);
    }
    return color;
  }
  if (channels == Channels::kBgr) {
    for (size_t i = 0; i < image.pixels.size(); i += 3) {
      std::swap(image.pixels[i], image.pixels[i + 2]);
    }
  }
  return image;
}

Result<ImageSize> short_side_size(ImageSize size, int length) {
  const int64_t shorter = std::min(size.width, size.height);
  const int64_t longer = int64_t{length} * std::max(size.width, size.height) / shorter;
  ZP_RETURN_IF_ERROR(check_size(longer, length));
  const int other = static_cast<int>(longer);
  return size.width <= size.height ? ImageSize{length, other} : ImageSize{other, length};
}

Result<Image> crop_center(const Image& image, ImageSize size) {
  if (size.width > image.size.width || size.height > image.size.height) {
    return invalid_data(fmt::format("{}x{} cannot be cut out of {}x{} pixels; resize first",
                                    size.width, size.height, image.size.width, image.size.height));
  }
  Image part = blank(size, image.channels, 0);
  const Place corner{half_to_even(image.size.width - size.width),
                     half_to_even(image.size.height - size.height)};
  copy(image, corner, size, part, {});
  return part;
}

Result<Image> letterbox(const Image& image, ImageSize size, uint8_t fill, Placement placement) {
  const auto [width, height] = image.size;
  // Whichever side reaches its limit first decides.
  const bool wide = int64_t{size.width} * height <= int64_t{size.height} * width;
  const ImageSize inner =
      wide ? ImageSize{size.width, std::min(scaled(height, size.width, width), size.height)}
           : ImageSize{std::min(scaled(width, size.height, height), size.width), size.height};
  ZP_ASSIGN_OR_RETURN(const Image picture, resize_bilinear(image, inner));
  Image all = blank(size, image.channels, fill);
  Place place;
  if (placement == Placement::kCenter) {
    place = {(size.width - inner.width) / 2, (size.height - inner.height) / 2};
  }
  copy(picture, {}, inner, all, place);
  return all;
}

}  // namespace zp
