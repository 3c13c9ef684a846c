// Pictures in memory, and their reading from JPEG and PNG files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "zeropoint/base/error.h"

namespace zp {

struct ImageSize {
  int width = 0;
  int height = 0;
  friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

struct Image {
  ImageSize size;
  int channels = 3;  // 1: gray; 3: red, green, blue
  // Row by row from the top, the channels of a pixel side by side; 0 to 255.
  std::vector<uint8_t> pixels;
};

// Larger pictures are refused as damaged: Pillow's limit as well (Image.MAX_IMAGE_PIXELS, twice).
inline constexpr int64_t kMaxPixels = 178'956'970;

// An error that names width and height where they are not positive or exceed kMaxPixels.
Status check_size(int64_t width, int64_t height);

// Decodes a JPEG or PNG, whichever the first bytes say. What Python's Pillow gives for
// Image.open(...).convert("RGB"), or "L" for gray files, to the pixel, with these two notes:
//   - 16 bits a channel: the upper 8 are taken, also of gray ones (which Pillow clips)
//   - an alpha channel is dropped, nothing is composited; an orientation in Exif is not applied
// Palettes and 1, 2, 4 bits are expanded, CMYK is converted as Pillow does.
// A truncated or damaged file is an error, also where a decoder would paint the rest gray.
Result<Image> decode_image(std::span<const std::byte> file);

// The same of a file; errors name it.
Result<Image> read_image(const std::filesystem::path& path);

}  // namespace zp
