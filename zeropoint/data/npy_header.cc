#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "zeropoint/data/npy.h"
#include "zeropoint/data/parse.h"

namespace zp {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
// Headers of arrays without named fields take about 100 bytes.
constexpr uint64_t kMaxHeaderLength = 1 << 16;

struct NpyType {
  std::string_view code;  // after the byte order
  DataType type;
};
constexpr std::array kTypes{
    NpyType{"b1", DataType::kBool},   NpyType{"i1", DataType::kInt8},
    NpyType{"i2", DataType::kInt16},  NpyType{"i4", DataType::kInt32},
    NpyType{"i8", DataType::kInt64},  NpyType{"u1", DataType::kUint8},
    NpyType{"u2", DataType::kUint16}, NpyType{"u4", DataType::kUint32},
    NpyType{"u8", DataType::kUint64}, NpyType{"f2", DataType::kFloat16},
    NpyType{"f4", DataType::kFloat},  NpyType{"f8", DataType::kDouble},
};

// Reads the Python literal {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : rest_(text) {}

  Result<NpyHeader> parse() {
    if (!take('{')) return damaged();
    while (!take('}')) {
      const auto key = text_literal();
      if (!key || !take(':')) return damaged();
      if (*key == "descr") {
        ZP_RETURN_IF_ERROR(read_type());
      } else if (*key == "fortran_order") {
        ZP_RETURN_IF_ERROR(read_order());
      } else if (*key == "shape") {
        ZP_RETURN_IF_ERROR(read_shape());
      } else {
        return damaged();
      }
      if (!take(',') && !next_is('}')) return damaged();
    }
    if (!rest_after_blanks().empty() || keys_ != kAllKeys) return damaged();
    return header_;
  }

 private:
  static constexpr int kAllKeys = 7;

  static tl::unexpected<Error> damaged() {
    return invalid_data("damaged: the .npy header is not as NumPy writes it");
  }

  std::string_view rest_after_blanks() {
    const size_t used = rest_.find_first_not_of(" \t\n");
    rest_.remove_prefix(std::min(used, rest_.size()));
    return rest_;
  }
  bool next_is(char c) { return rest_after_blanks().starts_with(c); }
  bool take(char c) {
    if (!next_is(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take(std::string_view word) {
    if (!rest_after_blanks().starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  std::optional<std::string_view> text_literal() {
    const char quote = next_is('"') ? '"' : '\'';
    if (!take(quote)) return std::nullopt;
    const size_t end = rest_.find(quote);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }

  Status read_type() {
    keys_ |= 1;
    if (next_is('[')) {
      return fail(ErrorCode::kUnsupported, "holds records (named fields); save plain arrays");
    }
    const auto text = text_literal();
    if (!text || text->empty()) return damaged();
    const bool has_order = std::string_view("<>|=").find(text->front()) != std::string_view::npos;
    const auto* found = std::ranges::find(kTypes, text->substr(has_order ? 1 : 0), &NpyType::code);
    if (found == kTypes.end() || !has_order || text->front() == '=') {
      return fail(ErrorCode::kUnsupported,
                  fmt::format("holds elements of NumPy type '{}'; save bool, integers of 8 to 64 "
                              "bits or floats of 16 to 64 bits",
                              *text));
    }
    header_.type = found->type;
    header_.byte_order = text->front() == '>' ? ByteOrder::kBig : ByteOrder::kLittle;
    return {};
  }

  Status read_order() {
    keys_ |= 2;
    if (take("True")) {
      header_.array_order = ArrayOrder::kFortran;
    } else if (!take("False")) {
      return damaged();
    }
    return {};
  }

  Status read_shape() {
    keys_ |= 4;
    if (!take('(')) return damaged();
    std::vector<int64_t> dims;
    while (!take(')')) {
      rest_after_blanks();
      const auto digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
      const auto dim = parse_whole(rest_.substr(0, digits));
      if (!dim) return damaged();
      rest_.remove_prefix(digits);
      take('L');  // a long of Python 2
      dims.push_back(*dim);
      if (!take(',') && !next_is(')')) return damaged();
    }
    ZP_ASSIGN_OR_RETURN(header_.shape, Shape::make(std::move(dims)));
    return {};
  }

  std::string_view rest_;
  NpyHeader header_;
  int keys_ = 0;
};

}  // namespace

Result<NpyHeader> read_npy_header(const ByteSource& file) {
  if (file.size < kMagic.size() + 4) return invalid_data("is no .npy file, or truncated");
  ZP_ASSIGN_OR_RETURN(const auto start, read_bytes(file, 0, kMagic.size() + 4));
  const auto byte = [&](size_t index) { return static_cast<unsigned char>(start[index]); };
  if (!std::equal(kMagic.begin(), kMagic.end(), start.begin(),
                  [](char a, std::byte b) { return static_cast<std::byte>(a) == b; })) {
    return invalid_data("is no .npy file: it does not begin with \\x93NUMPY");
  }
  const int version = byte(6);
  if (version < 1 || version > 3) {
    return fail(ErrorCode::kUnsupported, fmt::format(".npy version {}; 1 to 3 are read", version));
  }
  // Versions 2 and 3 count the header with four bytes instead of two.
  uint64_t offset = kMagic.size() + 4;
  uint64_t length = byte(8) | uint64_t{byte(9)} << 8;
  if (version > 1) {
    ZP_ASSIGN_OR_RETURN(const auto more, read_bytes(file, offset, 2));
    length |= static_cast<uint64_t>(more[0]) << 16 | static_cast<uint64_t>(more[1]) << 24;
    offset += 2;
  }
  if (length > kMaxHeaderLength) {
    return invalid_data(fmt::format("damaged: a .npy header of {} bytes", length));
  }
  ZP_ASSIGN_OR_RETURN(const auto text, read_bytes(file, offset, length));
  HeaderParser parser({reinterpret_cast<const char*>(text.data()), text.size()});
  ZP_ASSIGN_OR_RETURN(NpyHeader header, parser.parse());
  header.data_offset = offset + length;

  ZP_ASSIGN_OR_RETURN(const size_t size, byte_size(header.type, header.shape));
  const uint64_t there = file.size - header.data_offset;
  if (there < size) {
    return invalid_data(fmt::format("truncated: {} {} takes {} bytes, the file has {}",
                                    name(header.type), header.shape.to_string(), size, there));
  }
  if (there > size) {
    return invalid_data(fmt::format("{} bytes follow the array {} {}; one array a file is read",
                                    there - size, name(header.type), header.shape.to_string()));
  }
  return header;
}

}  // namespace zp
