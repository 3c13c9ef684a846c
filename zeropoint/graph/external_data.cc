#include "zeropoint/graph/external_data.h"

#include <unistd.h>

#include <fmt/format.h>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <vector>

#include "zeropoint/base/file.h"
#include "zeropoint/graph/tensor_proto.h"

namespace zp {
namespace {

constexpr size_t kPiece = size_t{4} << 20;

Result<size_t> parse_number(const std::string& text) {
  size_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) {
    return invalid_data(fmt::format("\"{}\" is no number of bytes", text));
  }
  return number;
}

// Whether the path stays inside the folder that it is relative to.
bool stays_inside(const std::filesystem::path& path) {
  if (path.empty() || path.is_absolute()) return false;
  if (path.native().find('\0') != std::string::npos) return false;
  const auto normal = path.lexically_normal();
  return normal.begin() != normal.end() && *normal.begin() != "..";
}

Result<ExternalData> parse(const onnx::TensorProto& tensor) {
  ExternalData data;
  bool has_length = false;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") {
      data.location = entry.value();
    } else if (entry.key() == "offset") {
      ZP_ASSIGN_OR_RETURN(data.offset, parse_number(entry.value()));
    } else if (entry.key() == "length") {
      ZP_ASSIGN_OR_RETURN(data.length, parse_number(entry.value()));
      has_length = true;
    }
  }
  if (!stays_inside(data.location)) {
    return invalid_data(fmt::format(
        "its external data is said to lie in \"{}\"; expected a file in the model's folder",
        data.location));
  }
  ZP_ASSIGN_OR_RETURN(const Shape shape, shape_of(tensor));
  ZP_ASSIGN_OR_RETURN(const size_t expected,
                      byte_size(static_cast<DataType>(tensor.data_type()), shape));
  if (has_length && data.length != expected) {
    return invalid_data(fmt::format(
        "its {} elements of type {} take {} bytes, its external data has {}", shape.to_string(),
        name(static_cast<DataType>(tensor.data_type())), expected, data.length));
  }
  data.length = expected;
  return data;
}

}  // namespace

Result<ExternalData> ExternalData::of(const onnx::TensorProto& tensor) {
  auto data = parse(tensor);
  if (!data) return tl::unexpected<Error>(std::move(data).error().at(describe(tensor)));
  return data;
}

void ExternalData::write_to(onnx::TensorProto& tensor) const {
  tensor.clear_external_data();
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto add = [&](const char* key, std::string value) {
    auto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(std::move(value));
  };
  add("location", location);
  add("offset", std::to_string(offset));
  add("length", std::to_string(length));
}

Status read_piecewise(int descriptor, const std::filesystem::path& path, size_t offset,
                      size_t length,
                      const std::function<Status(std::span<const std::byte>)>& take) {
  std::vector<std::byte> piece(std::min(length, kPiece));
  while (length > 0) {
    const size_t wanted = std::min(length, piece.size());
    const ssize_t got = ::pread(descriptor, piece.data(), wanted, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error(path, "read", errno);
    if (got == 0) {
      return invalid_data(
          fmt::format("{}: {} bytes are missing at its end", path.string(), length));
    }
    ZP_RETURN_IF_ERROR(take(std::span(piece).first(static_cast<size_t>(got))));
    offset += static_cast<size_t>(got);
    length -= static_cast<size_t>(got);
  }
  return {};
}

}  // namespace zp
