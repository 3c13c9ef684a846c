#include "zeropoint/data/jpeg.h"

#include <csetjmp>
#include <cstdio>
// jpeglib.h needs FILE and size_t declared.
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace zp {
namespace {

// Everything that lives through a longjmp out of libjpeg.
struct Decoder {
  jpeg_decompress_struct info = {};
  jpeg_error_mgr errors = {};
  std::jmp_buf give_up = {};
  std::array<char, JMSG_LENGTH_MAX> message = {};
  std::vector<uint8_t> row;
  Status size;
  Image image;
};

void on_error(j_common_ptr info) {
  auto* decoder = static_cast<Decoder*>(info->client_data);
  info->err->format_message(info, decoder->message.data());
  std::longjmp(decoder->give_up, 1);
}

// Warnings: of those, data that ends too early is an error here, where libjpeg would go on in gray.
void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  const int code = info->err->msg_code;
  if (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER) on_error(info);
}

// One row of four inks, inverted as Adobe's programs store them, in red, green and blue.
void cmyk_to_rgb(const std::vector<uint8_t>& inks, uint8_t* rgb) {
  // a * b / 255, rounded to nearest.
  const auto product = [](int a, int b) {
    const int t = a * b + 128;
    return ((t >> 8) + t) >> 8;
  };
  for (size_t at = 0; at + 3 < inks.size(); at += 4, rgb += 3) {
    const int light = inks[at + 3];  // 255 - black
    for (size_t c = 0; c < 3; ++c) {
      rgb[c] = static_cast<uint8_t>(std::max(light - product(255 - inks[at + c], light), 0));
    }
  }
}

// Leaves by longjmp where libjpeg finds an error, so no object with a destructor may be alive while
// it runs. False where decoder.size says why.
[[gnu::noinline]] bool read_pixels(Decoder& decoder, std::span<const std::byte> file) {
  jpeg_decompress_struct& info = decoder.info;
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(file.data()),
               static_cast<unsigned long>(file.size()));
  jpeg_read_header(&info, TRUE);
  decoder.size = check_size(info.image_width, info.image_height);
  if (!decoder.size) return false;

  const bool cmyk = info.num_components == 4;
  const bool gray = info.num_components == 1;
  info.out_color_space = cmyk ? JCS_CMYK : (gray ? JCS_GRAYSCALE : JCS_RGB);
  jpeg_start_decompress(&info);
  const size_t width = info.output_width;
  decoder.image.size = {static_cast<int>(width), static_cast<int>(info.output_height)};
  decoder.image.channels = gray ? 1 : 3;
  decoder.row.resize(width * static_cast<size_t>(info.output_components));
  // Pixels are added as they come, so that a damaged header alone takes no memory.
  std::vector<uint8_t>& pixels = decoder.image.pixels;
  while (info.output_scanline < info.output_height) {
    uint8_t* row = decoder.row.data();
    jpeg_read_scanlines(&info, &row, 1);
    if (cmyk) {
      pixels.resize(pixels.size() + width * 3);
      cmyk_to_rgb(decoder.row, pixels.data() + pixels.size() - width * 3);
    } else {
      pixels.insert(pixels.end(), decoder.row.begin(), decoder.row.end());
    }
  }
  jpeg_finish_decompress(&info);
  return true;
}

// False after an error, with decoder.message or decoder.size saying which.
bool decode(Decoder& decoder, std::span<const std::byte> file) {
  decoder.info.err = jpeg_std_error(&decoder.errors);
  decoder.errors.error_exit = on_error;
  decoder.errors.emit_message = on_message;
  decoder.info.client_data = &decoder;
  if (setjmp(decoder.give_up) != 0) return false;  // NOLINT: libjpeg has no other way out
  return read_pixels(decoder, file);
}

}  // namespace

Result<Image> decode_jpeg(std::span<const std::byte> file) {
  Decoder decoder;
  const bool done = decode(decoder, file);
  jpeg_destroy_decompress(&decoder.info);
  if (done) return std::move(decoder.image);
  ZP_RETURN_IF_ERROR(decoder.size);
  return invalid_data("damaged JPEG: " + std::string(decoder.message.data()));
}

}  // namespace zp
