#include "zeropoint/data/stored_array.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <system_error>

#include "zeropoint/base/file.h"
#include "zeropoint/data/byte_source.h"
#include "zeropoint/data/file_kind.h"
#include "zeropoint/data/npy.h"
#include "zeropoint/data/parse.h"
#include "zeropoint/data/tensor_rows.h"
#include "zeropoint/data/zip.h"
#include "zeropoint/graph/tensor_proto.h"

namespace zp {
namespace {

namespace fs = std::filesystem;

StoredArray npy_array(const NpyHeader& header, const ByteSource& source) {
  return {.type = header.type,
          .shape = header.shape,
          .read = [=] { return read_npy(source, header); },
          .read_row = [=](int64_t row) { return read_npy_row(source, header, row); }};
}

Result<std::vector<StoredArray>> open_npy(const ByteSource& file) {
  ZP_ASSIGN_OR_RETURN(const NpyHeader header, read_npy_header(file));
  return std::vector{npy_array(header, file)};
}

// As a whole, a member's checksum is verified, which reading it in parts cannot do.
Result<Tensor> read_member(const ByteSource& file, const ZipMember& member) {
  ZP_ASSIGN_OR_RETURN(auto bytes, read_zip_member(file, member));
  ZP_ASSIGN_OR_RETURN(const NpyHeader header, read_npy_header(bytes_in_memory(bytes)));
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(header.data_offset));
  return npy_tensor(header, header.shape, std::move(bytes));
}

StoredArray member_array(const ByteSource& file, const ZipMember& member) {
  const auto open = [&]() -> Result<StoredArray> {
    ZP_ASSIGN_OR_RETURN(const ByteSource bytes, open_zip_member(file, member));
    auto header = read_npy_header(bytes);
    if (!header) {
      return tl::unexpected<Error>(
          std::move(header).error().at(fmt::format("\"{}\"", member.name)));
    }
    return npy_array(*header, bytes);
  };
  auto array = open();
  if (!array) return {.readable = tl::unexpected<Error>(std::move(array).error())};
  array->read = [=] { return read_member(file, member); };
  return std::move(array).value();
}

Result<std::vector<StoredArray>> open_npz(const ByteSource& file) {
  ZP_ASSIGN_OR_RETURN(const auto members, read_zip_directory(file));
  std::vector<StoredArray> arrays;
  std::set<std::string> names;
  for (const ZipMember& member : members) {
    constexpr std::string_view kSuffix = ".npy";
    std::string name = member.name;
    if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
    if (!names.insert(name).second) {
      return invalid_data(fmt::format("holds two arrays called \"{}\"", name));
    }
    arrays.push_back(member_array(file, member));
    arrays.back().name = std::move(name);
  }
  if (arrays.empty()) return invalid_data("holds no array");
  return arrays;
}

Result<StoredArray> open_tensor_proto(const fs::path& path) {
  ZP_ASSIGN_OR_RETURN(const ByteSource file, bytes_of_file(path));
  constexpr uint64_t kMostBytes = 0x7fffffff;  // protobuf's limit for a message
  onnx::TensorProto proto;
  const auto parse = [&]() -> Result<Tensor> {
    if (file.size > kMostBytes) return invalid_data("above 2 GB, which no TensorProto can be");
    ZP_ASSIGN_OR_RETURN(const auto bytes, read_bytes(file, 0, file.size));
    if (!proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return invalid_data("is no TensorProto, or truncated");
    }
    if (!proto.has_data_type()) return invalid_data("is no TensorProto: it has no element type");
    return tensor_in_message(proto);
  };
  auto tensor = parse();
  if (!tensor) return tl::unexpected<Error>(std::move(tensor).error().at(path.string()));
  const auto held = std::make_shared<const Tensor>(std::move(tensor).value());
  return StoredArray{.name = proto.name(),
                     .type = held->type(),
                     .shape = held->shape(),
                     .read = [held]() -> Result<Tensor> { return *held; },
                     .read_row = [held](int64_t row) { return row_of(*held, row); }};
}

// N of "input_N.pb"; nothing for other names.
std::optional<int64_t> input_number(const fs::path& file) {
  const std::string stem = file.stem().string();
  constexpr std::string_view kPrefix = "input_";
  if (lower_extension(file) != ".pb" || !stem.starts_with(kPrefix)) return std::nullopt;
  const auto number = parse_whole(std::string_view(stem).substr(kPrefix.size()));
  return number && *number >= 0 ? number : std::nullopt;
}

Result<std::vector<StoredArray>> open_test_data(const fs::path& folder) {
  std::vector<StoredArray> arrays;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto number = input_number(entry->path());
    if (!number) continue;
    ZP_ASSIGN_OR_RETURN(StoredArray array, open_tensor_proto(entry->path()));
    array.position = number;
    arrays.push_back(std::move(array));
  }
  if (error) return file_error(folder, "read", error.value());
  std::ranges::sort(arrays, {}, &StoredArray::position);
  return arrays;
}

}  // namespace

bool is_test_data(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (input_number(entry->path())) return true;
  }
  return false;
}

Result<std::vector<StoredArray>> open_arrays(const fs::path& path) {
  std::error_code ignored;  // what cannot be examined is reported by opening it
  if (fs::is_directory(path, ignored)) return open_test_data(path);
  if (lower_extension(path) == ".pb") {
    ZP_ASSIGN_OR_RETURN(StoredArray array, open_tensor_proto(path));
    return std::vector{std::move(array)};
  }
  ZP_ASSIGN_OR_RETURN(const ByteSource file, bytes_of_file(path));
  auto arrays = lower_extension(path) == ".npz" ? open_npz(file) : open_npy(file);
  if (!arrays) return tl::unexpected<Error>(std::move(arrays).error().at(path.string()));
  return arrays;
}

}  // namespace zp
