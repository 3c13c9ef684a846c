#include "zeropoint/data/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>

namespace zp {
namespace {

constexpr size_t kChunk = size_t{1} << 16;

class Inflater {
 public:
  explicit Inflater(const ByteSource& deflated)
      : deflated_(deflated), chunk_(std::make_unique<std::array<std::byte, kChunk>>()) {
    // Negative window bits: no frame. The one way to fail is a lack of memory.
    if (inflateInit2(&stream_, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream_); }

  // The next unpacked bytes.
  Status fill(std::span<std::byte> into) {
    while (!into.empty()) {
      // At the end of the input, zlib may still hold output that did not fit before.
      if (stream_.avail_in == 0) ZP_RETURN_IF_ERROR(refill());
      const size_t most = std::min(into.size(), size_t{1} << 30);  // avail_out has 32 bits
      stream_.next_out = reinterpret_cast<Bytef*>(into.data());
      stream_.avail_out = static_cast<uInt>(most);
      const int state = inflate(&stream_, Z_NO_FLUSH);
      into = into.subspan(most - stream_.avail_out);
      if (state == Z_STREAM_END && !into.empty()) return invalid_data("damaged: ends too early");
      if (state == Z_BUF_ERROR) return invalid_data("truncated: ends too early");
      if (state == Z_MEM_ERROR) throw std::bad_alloc();
      if (state != Z_OK && state != Z_STREAM_END) {
        return invalid_data("damaged: cannot be unpacked");
      }
    }
    return {};
  }

 private:
  Status refill() {
    const size_t count =
        static_cast<size_t>(std::min<uint64_t>(kChunk, deflated_.size - position_));
    if (count == 0) return {};
    ZP_RETURN_IF_ERROR(deflated_.read(position_, std::span(*chunk_).first(count)));
    position_ += count;
    stream_.next_in = reinterpret_cast<Bytef*>(chunk_->data());
    stream_.avail_in = static_cast<uInt>(count);
    return {};
  }

  const ByteSource& deflated_;
  uint64_t position_ = 0;
  std::unique_ptr<std::array<std::byte, kChunk>> chunk_;
  z_stream stream_ = {};
};

}  // namespace

Status inflate_part(const ByteSource& deflated, uint64_t offset, std::span<std::byte> into) {
  Inflater inflater(deflated);
  const auto dropped = std::make_unique<std::array<std::byte, kChunk>>();
  while (offset > 0) {
    const auto count = static_cast<size_t>(std::min<uint64_t>(kChunk, offset));
    ZP_RETURN_IF_ERROR(inflater.fill(std::span(*dropped).first(count)));
    offset -= count;
  }
  return inflater.fill(into);
}

Status inflate_all(const ByteSource& deflated, uint64_t size,
                   const std::function<Status(std::span<const std::byte>)>& take) {
  Inflater inflater(deflated);
  const auto piece = std::make_unique<std::array<std::byte, kChunk>>();
  while (size > 0) {
    const auto count = static_cast<size_t>(std::min<uint64_t>(kChunk, size));
    const auto bytes = std::span(*piece).first(count);
    ZP_RETURN_IF_ERROR(inflater.fill(bytes));
    ZP_RETURN_IF_ERROR(take(bytes));
    size -= count;
  }
  return {};
}

uint32_t checksum(std::span<const std::byte> bytes, uint32_t before) {
  return static_cast<uint32_t>(
      crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace zp
