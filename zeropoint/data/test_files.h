// What this layer's tests share: the files of tests/data/samples, and files made on the way.
#pragma once

#include <gmock/gmock.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "zeropoint/base/file.h"
#include "zeropoint/graph/tensor.h"

namespace zp {

inline std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(ZP_SOURCE_DIR "/tests/data/samples") / name;
}

inline std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

inline std::vector<std::byte> fixture_bytes(const std::string& name) {
  return read_file(fixture(name)).value();
}

inline void write(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::filesystem::remove(path);  // some file systems flush a file that is replaced in place
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) ADD_FAILURE() << "could not write " << path;
}
inline void write(const std::filesystem::path& path, std::string_view text) {
  write(path, std::as_bytes(std::span(text)));
}

// A .npy file of version 1 with this header and these bytes.
inline std::vector<std::byte> npy_file(std::string_view header, std::span<const std::byte> data) {
  std::vector<std::byte> file = bytes_of("\x93NUMPY\x01");
  file.push_back(std::byte{0});
  file.push_back(static_cast<std::byte>(header.size() & 0xff));
  file.push_back(static_cast<std::byte>(header.size() >> 8));
  const auto text = bytes_of(header);
  file.insert(file.end(), text.begin(), text.end());
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

// A .npy file of float32 with the shape as Python writes it: "(2, 3)".
inline std::vector<std::byte> float_npy(std::string_view shape, std::vector<float> values) {
  const std::string header =
      "{'descr': '<f4', 'fortran_order': False, 'shape': " + std::string(shape) + ", }\n";
  return npy_file(header, std::as_bytes(std::span(values)));
}

inline Shape shape_of(std::vector<int64_t> dims) { return Shape::make(std::move(dims)).value(); }

inline Tensor float_tensor(std::vector<int64_t> dims, std::vector<float> values) {
  return Tensor::of<float>(shape_of(std::move(dims)), std::span<const float>(values)).value();
}

// The message of an error, "no error" for a value.
template <class T>
std::string message(const Result<T>& result) {
  return result ? "no error" : result.error().message;
}

template <class T>
std::vector<T> elements(const Tensor& tensor) {
  EXPECT_EQ(tensor.type(), data_type_of<T>());
  const auto all = tensor.as<T>();
  return {all.begin(), all.end()};
}

}  // namespace zp
