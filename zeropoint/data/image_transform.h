// Pictures resized, cut and placed, as Python programs do before they feed a model.
#pragma once

#include <cstdint>

#include "zeropoint/base/error.h"
#include "zeropoint/data/image.h"

namespace zp {

enum class Channels { kRgb, kBgr, kGray };
enum class Placement { kTopLeft, kCenter };

// 3 channels to gray: (19595 R + 38470 G + 7471 B + 32768) >> 16, ITU-R 601 as Pillow's
// convert("L") has it. Gray to 3: repeated. kBgr: red and blue swapped.
Image with_channels(Image image, Channels channels);

// Bilinear, with the filter widened by the factor where the picture gets smaller (antialiased), in
// two passes with 8-bit results: to the pixel what Pillow 13 gives for resize(size,
// Image.BILINEAR). Like it, the height goes first where it loses more than twice as many pixels as
// the width (python-pillow/Pillow#9549), otherwise the width, as always in Pillow 12: there such a
// picture may differ by 1 of 255. Requires a size that check_size accepts; an error where the first
// pass's picture exceeds it.
Result<Image> resize_bilinear(const Image& image, ImageSize size);

// The size whose shorter side is `length` with the proportions kept, the other side rounded down:
// torchvision's Resize(length). An error where it exceeds kMaxPixels.
Result<ImageSize> short_side_size(ImageSize size, int length);

// The middle part. Where the margin is odd the offset is the nearest even one of the two: Python's
// round(margin / 2), as torchvision's CenterCrop has it. An error where the picture is smaller.
Result<Image> crop_center(const Image& image, ImageSize size);

// Resized so that it just fits into `size`, proportions kept, the other side rounded to nearest (at
// least 1 pixel); the rest is filled with `fill` in all channels. kTopLeft as YOLOX places it,
// kCenter as Ultralytics does (the smaller half of an odd margin before the picture). Errors as of
// resize_bilinear.
Result<Image> letterbox(const Image& image, ImageSize size, uint8_t fill, Placement placement);

}  // namespace zp
