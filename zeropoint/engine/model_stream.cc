#include "zeropoint/engine/model_stream.h"

#include <utility>

namespace zp {

ModelStreamBuffer::ModelStreamBuffer(std::span<const char> head, std::string tail)
    : tail_(std::move(tail)) {
  // A streambuf that is only read does not write through its pointers.
  char* begin = const_cast<char*>(head.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  setg(begin, begin, begin + head.size());
}

ModelStreamBuffer::ModelStreamBuffer(const std::filesystem::path& file, std::string tail)
    : tail_(std::move(tail)) {
  file_.open(file, std::ios_base::in | std::ios_base::binary);
}

ModelStreamBuffer::int_type ModelStreamBuffer::underflow() {
  if (gptr() == egptr() && file_.is_open()) {
    const auto size = file_.sgetn(chunk_.data(), static_cast<std::streamsize>(chunk_.size()));
    if (size > 0) {
      setg(chunk_.data(), chunk_.data(), chunk_.data() + size);
    } else {
      file_.close();
    }
  }
  if (gptr() == egptr() && !std::exchange(tail_shown_, true)) {
    setg(tail_.data(), tail_.data(), tail_.data() + tail_.size());
  }
  return gptr() == egptr() ? traits_type::eof() : traits_type::to_int_type(*gptr());
}

}  // namespace zp
