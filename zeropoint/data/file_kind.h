// Which files are samples, by their names.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace zp {

enum class FileKind {
  kArrays,    // .npy, .npz, .pb
  kTestData,  // a folder with input_0.pb, input_1.pb ...
  kImage,     // .jpg, .jpeg, .png
};

// The extensions of the files that are read, for messages.
inline constexpr std::string_view kSampleExtensions = ".npy, .npz, .pb, .jpg, .jpeg, .png";

// ".npy" of "A.NPY"; "" where there is none.
std::string lower_extension(const std::filesystem::path& path);

// Of a file by its extension, in upper or lower case; nothing for one that is not read.
std::optional<FileKind> file_kind(const std::filesystem::path& path);

}  // namespace zp
