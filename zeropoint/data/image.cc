#include "zeropoint/data/image.h"

#include <fmt/format.h>

#include <string_view>

#include "zeropoint/data/byte_source.h"
#include "zeropoint/data/jpeg.h"
#include "zeropoint/data/png.h"

namespace zp {

Status check_size(int64_t width, int64_t height) {
  if (width < 1 || height < 1 || width > kMaxPixels / height) {
    return invalid_data(
        fmt::format("a picture of {} x {} pixels; 1 to {} are read", width, height, kMaxPixels));
  }
  return {};
}

Result<Image> decode_image(std::span<const std::byte> file) {
  const std::string_view start(reinterpret_cast<const char*>(file.data()), file.size());
  if (start.starts_with("\xff\xd8\xff")) return decode_jpeg(file);
  if (start.starts_with("\x89PNG\r\n\x1a\n")) return decode_png(file);
  return invalid_data(file.empty() ? "the file is empty" : "is neither a JPEG nor a PNG picture");
}

Result<Image> read_image(const std::filesystem::path& path) {
  ZP_ASSIGN_OR_RETURN(const ByteSource file, bytes_of_file(path));
  const auto decode = [&]() -> Result<Image> {
    ZP_ASSIGN_OR_RETURN(const auto bytes, read_bytes(file, 0, file.size));
    return decode_image(bytes);
  };
  auto image = decode();
  if (!image) return tl::unexpected<Error>(std::move(image).error().at(path.string()));
  return image;
}

}  // namespace zp
