#include "zeropoint/data/file_kind.h"

namespace zp {

std::string lower_extension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return extension;
}

std::optional<FileKind> file_kind(const std::filesystem::path& path) {
  const std::string extension = lower_extension(path);
  if (extension == ".npy" || extension == ".npz" || extension == ".pb") return FileKind::kArrays;
  if (extension == ".jpg" || extension == ".jpeg" || extension == ".png") return FileKind::kImage;
  return std::nullopt;
}

}  // namespace zp
