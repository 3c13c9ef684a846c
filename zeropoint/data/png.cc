#include "zeropoint/data/png.h"

#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <string>
#include <vector>

#include "zeropoint/data/inflate.h"

namespace zp {
namespace {

// Everything that lives through a longjmp out of libpng.
struct Decoder {
  std::span<const std::byte> rest;
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::string message;
  std::vector<png_bytep> rows;
  Status size;
  Image image;
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  static_cast<Decoder*>(png_get_error_ptr(png))->message = message;
  png_longjmp(png, 1);
}

// Warnings concern what is read over: text, color profiles, times.
void on_warning(png_structp /*png*/, png_const_charp /*message*/) {}

void read_data(png_structp png, png_bytep into, size_t count) {
  auto* decoder = static_cast<Decoder*>(png_get_io_ptr(png));
  if (count > decoder->rest.size()) png_error(png, "truncated");
  std::memcpy(into, decoder->rest.data(), count);
  decoder->rest = decoder->rest.subspan(count);
}

// The picture's rows deflated cannot take more bytes than the file has.
Status check_against_file(const Decoder& decoder, size_t row_bytes, size_t file_size) {
  const size_t height = png_get_image_height(decoder.png, decoder.info);
  if (row_bytes / kMaxInflation * height <= file_size) return {};
  return invalid_data(fmt::format("damaged PNG: {} bytes cannot hold {} x {} pixels", file_size,
                                  png_get_image_width(decoder.png, decoder.info), height));
}

// Leaves by longjmp where libpng finds an error, so no object with a destructor may be alive while
// it runs. False where decoder.size says why.
[[gnu::noinline]] bool read_pixels(Decoder& decoder, size_t file_size) {
  png_structp png = decoder.png;
  png_infop info = decoder.info;
  png_set_read_fn(png, &decoder, read_data);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);  // check_size has the limit
  png_read_info(png, info);
  const size_t width = png_get_image_width(png, info);
  const size_t height = png_get_image_height(png, info);
  decoder.size = check_size(static_cast<int64_t>(width), static_cast<int64_t>(height));
  if (!decoder.size) return false;
  decoder.size = check_against_file(decoder, png_get_rowbytes(png, info), file_size);
  if (!decoder.size) return false;

  png_set_strip_16(png);
  png_set_expand(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  decoder.image.size = {static_cast<int>(width), static_cast<int>(height)};
  decoder.image.channels = png_get_channels(png, info);
  const size_t row_bytes = png_get_rowbytes(png, info);
  decoder.image.pixels.resize(row_bytes * height);
  decoder.rows.resize(height);
  for (size_t y = 0; y < height; ++y) {
    decoder.rows[y] = decoder.image.pixels.data() + y * row_bytes;
  }
  png_read_image(png, decoder.rows.data());
  png_read_end(png, nullptr);
  return true;
}

// False after an error, with decoder.message or decoder.size saying which.
bool decode(Decoder& decoder, size_t file_size) {
  if (setjmp(png_jmpbuf(decoder.png)) != 0) return false;  // NOLINT: libpng has no other way out
  return read_pixels(decoder, file_size);
}

}  // namespace

Result<Image> decode_png(std::span<const std::byte> file) {
  Decoder decoder;
  decoder.rest = file;
  decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, on_error, on_warning);
  if (decoder.png != nullptr) decoder.info = png_create_info_struct(decoder.png);
  const bool done = decoder.info != nullptr && decode(decoder, file.size());
  png_destroy_read_struct(&decoder.png, &decoder.info, nullptr);
  if (done) return std::move(decoder.image);
  ZP_RETURN_IF_ERROR(decoder.size);
  return invalid_data("damaged PNG: " + decoder.message);
}

}  // namespace zp
