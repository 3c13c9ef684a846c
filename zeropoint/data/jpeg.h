// JPEG pictures, by libjpeg.
#pragma once

#include <cstddef>
#include <span>

#include "zeropoint/base/error.h"
#include "zeropoint/data/image.h"

namespace zp {

// As decode_image describes, for bytes that begin as a JPEG.
Result<Image> decode_jpeg(std::span<const std::byte> file);

}  // namespace zp
