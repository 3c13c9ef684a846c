// Pillow's resampling (Image.BILINEAR): a triangle filter, wider where the picture shrinks.
#include <algorithm>
#include <cmath>
#include <vector>

#include "zeropoint/data/image_transform.h"

namespace zp {
namespace {

// Weights are fixed-point numbers of so many fractional bits: 32 less the 8 of a pixel and 2 spare.
constexpr int kFractionBits = 32 - 8 - 2;

// What one pixel of the result is made of along one axis.
struct Tap {
  int first = 0;             // pixel of the source
  std::vector<int> weights;  // of that one and those after it
};

int nearest(double value) { return static_cast<int>(std::floor(value + 0.5)); }

std::vector<Tap> taps(int from, int to) {
  const double scale = static_cast<double>(from) / to;
  const double widening = std::max(scale, 1.0);  // the triangle reaches that far to either side
  const double narrowing = 1 / widening;
  std::vector<Tap> all(static_cast<size_t>(to));
  std::vector<double> exact;
  for (int i = 0; i < to; ++i) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(nearest(center - widening), 0);
    const int end = std::min(nearest(center + widening), from);
    double sum = 0;
    exact.clear();
    for (int x = first; x < end; ++x) {
      exact.push_back(std::max(1 - std::abs((x - center + 0.5) * narrowing), 0.0));
      sum += exact.back();
    }
    Tap& tap = all[static_cast<size_t>(i)];
    tap.first = first;
    for (const double weight : exact) {
      tap.weights.push_back(nearest(weight / sum * (1 << kFractionBits)));
    }
  }
  return all;
}

uint8_t to_pixel(int sum) { return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255)); }

// Every row of `image` to another width.
Image resize_width(const Image& image, int width) {
  const std::vector<Tap> all = taps(image.size.width, width);
  const auto channels = static_cast<size_t>(image.channels);
  Image result{.size = {width, image.size.height}, .channels = image.channels, .pixels = {}};
  result.pixels.resize(static_cast<size_t>(width) * static_cast<size_t>(image.size.height) *
                       channels);
  uint8_t* to = result.pixels.data();
  for (int y = 0; y < image.size.height; ++y) {
    const uint8_t* row = image.pixels.data() +
                         static_cast<size_t>(y) * static_cast<size_t>(image.size.width) * channels;
    for (const Tap& tap : all) {
      for (size_t c = 0; c < channels; ++c) {
        const uint8_t* from = row + static_cast<size_t>(tap.first) * channels + c;
        int sum = 1 << (kFractionBits - 1);
        for (const int weight : tap.weights) {
          sum += *from * weight;
          from += channels;
        }
        *to++ = to_pixel(sum);
      }
    }
  }
  return result;
}

// Every column to another height.
Image resize_height(const Image& image, int height) {
  const std::vector<Tap> all = taps(image.size.height, height);
  const size_t row = static_cast<size_t>(image.size.width) * static_cast<size_t>(image.channels);
  Image result{.size = {image.size.width, height}, .channels = image.channels, .pixels = {}};
  result.pixels.resize(row * static_cast<size_t>(height));
  std::vector<int> sums(row);
  uint8_t* to = result.pixels.data();
  for (const Tap& tap : all) {
    std::ranges::fill(sums, 1 << (kFractionBits - 1));
    const uint8_t* from = image.pixels.data() + static_cast<size_t>(tap.first) * row;
    for (const int weight : tap.weights) {
      for (size_t i = 0; i < row; ++i) sums[i] += from[i] * weight;
      from += row;
    }
    to = std::ranges::transform(sums, to, to_pixel).out;
  }
  return result;
}

}  // namespace

Result<Image> resize_bilinear(const Image& image, ImageSize size) {
  const auto [width, height] = image.size;
  if (size.width == width) {
    return size.height == height ? image : resize_height(image, size.height);
  }
  if (size.height == height) return resize_width(image, size.width);
  const bool height_first = size.height < height && height - size.height > 2 * (width - size.width);
  ZP_RETURN_IF_ERROR(height_first ? check_size(width, size.height)
                                  : check_size(size.width, height));
  return height_first ? resize_width(resize_height(image, size.height), size.width)
                      : resize_height(resize_width(image, size.width), size.height);
}

}  // namespace zp
