// PNG pictures, by libpng.
#pragma once

#include <cstddef>
#include <span>

#include "zeropoint/base/error.h"
#include "zeropoint/data/image.h"

namespace zp {

// As decode_image describes, for bytes that begin as a PNG.
Result<Image> decode_png(std::span<const std::byte> file);

}  // namespace zp
